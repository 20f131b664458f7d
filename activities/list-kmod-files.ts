import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import { isModulePath } from './packaged-modules.ts';

/** `/lib/modules/<release>` has 7,000 files, a mirror of ELRepo's some thousand packages. */
const FILE_LIMIT = 100_000;
const RPM_PATTERN = /\.rpm$/;

/**
 * Lists RPMs and kernel modules in a directory and those below it. Links to files count, as in
 * `weak-updates`; links to directories are not followed.
 *
 * @returns Paths, sorted.
 * @throws {ContentInvalidError} If there are more than 100,000 files.
 */
export async function listKmodFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  if (entries.length > FILE_LIMIT) {
    const detail = `expected at most ${FILE_LIMIT} files, found ${entries.length}`;
    throw new ContentInvalidError(directory, detail);
  }
  const paths: string[] = [];
  for (const entry of entries) {
    if (!isModulePath(entry.name) && !RPM_PATTERN.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const isFile = entry.isFile() || (await stat(path).catch(() => undefined))?.isFile() === true;
    if (isFile) paths.push(path);
  }
  return paths.sort();
}
