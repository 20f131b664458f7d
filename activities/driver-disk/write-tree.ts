import {
  chmod,
  copyFile,
  lutimes,
  mkdir,
  readdir,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DiskFile } from '../../model/driver-disk.ts';

/** Writes the files of a driver disk below a directory that does not exist yet. */
export async function writeTree(root: string, files: readonly DiskFile[]): Promise<void> {
  for (const { path, content } of files) {
    const target = join(root, path);
    await mkdir(dirname(target), { recursive: true });
    if (content.kind === 'link') await symlink(content.target, target);
    else if (content.kind === 'text') await writeFile(target, content.text, { flag: 'wx' });
    else await copyFile(content.from, target);
  }
}

/** Gives everything below a directory the same time and permissions, so that equal trees make equal disks. */
export async function levelTree(root: string, timeSeconds: number): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  // A directory's time changes with what is done in it, so the deepest go first.
  for (const entry of entries.reverse()) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isSymbolicLink()) await chmod(path, entry.isDirectory() ? 0o755 : 0o644);
    await lutimes(path, timeSeconds, timeSeconds);
  }
  await chmod(root, 0o755);
  await utimes(root, timeSeconds, timeSeconds);
}

/** Lists files and links below a directory, sorted. */
export async function listTree(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
