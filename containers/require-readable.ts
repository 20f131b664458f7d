import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputUnreadableError } from '../model/engine-errors.ts';

/**
 * Requires that everyone may read a build's input: the build's user is not this process' one, so a
 * directory of mkdtemp() would be closed to it.
 *
 * @throws {InputUnreadableError} If the directory or a file in it is closed.
 */
export async function requireReadable(directory: string): Promise<void> {
  await requireMode(directory, 0o005);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isFile()) await requireMode(join(directory, entry.name), 0o004);
  }
}

/**
 * Requires that everyone may pass through a directory and all above it.
 *
 * @throws {InputUnreadableError} If one of them is closed.
 */
export async function requireReachable(directory: string): Promise<void> {
  await requireMode(directory, 0o001);
  const above = dirname(directory);
  if (above !== directory) await requireReachable(above);
}

async function requireMode(path: string, bits: number): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & bits) !== bits) {
    throw new InputUnreadableError(path, `mode ${(mode & 0o7777).toString(8)}`);
  }
}
