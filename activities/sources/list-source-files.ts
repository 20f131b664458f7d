import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DigestedEntry } from './read-tree.ts';
import { createTreeBounds } from './tree.ts';

/**
 * Lists and digests the files of a folder of sources, also those that are symbolic links to files;
 * subfolders are left out, as rpmbuild has none.
 *
 * @returns Sorted by name.
 * @throws {ArchiveParseError} If there are too many, or they are too large.
 */
export async function listSourceFiles(directory: string): Promise<readonly DigestedEntry[]> {
  const bounds = createTreeBounds('directory');
  const files: DigestedEntry[] = [];
  for (const path of (await readdir(directory)).sort()) {
    const found = await stat(join(directory, path)).catch(() => undefined);
    if (!found?.isFile()) continue;
    const isProgram = (found.mode & 0o100) !== 0;
    const entry = { path, kind: 'file', isProgram, sizeBytes: found.size, linkTo: '' } as const;
    bounds.admit(entry);
    files.push({ ...entry, sha256: await digestFile(join(directory, path)) });
  }
  return files;
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
