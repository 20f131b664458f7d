import { linkSync, mkdirSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isMissing } from '../atomic-file.ts';

/** So many links are made in one go: some 10 ms in which nothing else of the process runs. */
const SLICE_LENGTH = 500;

/**
 * Gives files of one directory the same relative paths in another, as hard links. Each takes 10 µs this
 * way and ten times that through the event loop, which counts where there are thousands.
 */
export async function linkFiles(
  paths: readonly string[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  for (const directory of new Set(paths.map((path) => dirname(path)))) {
    mkdirSync(join(to, directory), { recursive: true });
  }
  for (let start = 0; start < paths.length; start += SLICE_LENGTH) {
    for (const path of paths.slice(start, start + SLICE_LENGTH)) {
      linkSync(join(from, path), join(to, path));
    }
    await nextTurn();
  }
  await mkdir(to, { recursive: true });
}

/** Paths of the files below a directory, relative to it, in no order; none if it does not exist. */
export async function listFiles(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    const lists = await Promise.all(
      entries.map(async (entry) => {
        if (!entry.isDirectory()) return [entry.name];
        const inside = await listFiles(join(directory, entry.name));
        return inside.map((path) => join(entry.name, path));
      }),
    );
    return lists.flat();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
