import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createTreeBounds,
  noContent,
  type Tree,
  type TreeEntry,
  type TreeVisitor,
} from './tree.ts';

/** What version control keeps beside the sources. */
export const UNTRACKED: ReadonlySet<string> = new Set(['.git', '.svn', '.hg']);

/**
 * Opens a directory as a source tree; its entries come sorted by path. Sockets and the like are passed
 * over, and so is what version control keeps there.
 */
export function openDirectoryTree(directory: string): Tree {
  return {
    name: directory,
    async walk(visit, signal) {
      const bounds = createTreeBounds('directory');
      const visitBounded: TreeVisitor = async (entry, content) => {
        signal.throwIfAborted();
        bounds.admit(entry);
        await visit(entry, content);
      };
      await walkBelow(directory, '', visitBounded);
    },
  };
}

async function walkBelow(root: string, below: string, visit: TreeVisitor): Promise<void> {
  for (const name of (await readdir(join(root, below))).sort()) {
    if (UNTRACKED.has(name)) continue;
    const path = below === '' ? name : `${below}/${name}`;
    const entry = await readEntry(root, path);
    if (entry === undefined) continue;
    await visit(entry, entry.kind === 'file' ? readContent(join(root, path)) : noContent());
    if (entry.kind === 'directory') await walkBelow(root, path, visit);
  }
}

async function readEntry(root: string, path: string): Promise<TreeEntry | undefined> {
  const found = await lstat(join(root, path));
  const isProgram = (found.mode & 0o100) !== 0;
  if (found.isFile()) {
    return { path, kind: 'file', isProgram, sizeBytes: found.size, linkTo: '' };
  }
  const entry = { path, isProgram: false, sizeBytes: 0 };
  if (found.isDirectory()) return { ...entry, kind: 'directory', linkTo: '' };
  if (!found.isSymbolicLink()) return undefined;
  return { ...entry, kind: 'symlink', linkTo: await readlink(join(root, path)) };
}

/** Opens the file when it is read, not before: an error must meet somebody who listens. */
async function* readContent(path: string): AsyncIterable<Uint8Array> {
  yield* createReadStream(path);
}
