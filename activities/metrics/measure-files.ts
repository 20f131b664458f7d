import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileSizes } from '../../report/metrics/metric-facts.ts';
import { listNames } from '../list-names.ts';

/**
 * Adds up the files of a content store. Files that go meanwhile are left out.
 *
 * @param root E.g. `/var/lib/rekmod/store`; one that does not exist is empty.
 */
export async function measureStore(root: string): Promise<FileSizes> {
  let count = 0;
  let sizeBytes = 0;
  for (const folder of await listNames(join(root, 'sha256'))) {
    const names = await listNames(join(root, 'sha256', folder));
    const sizes = await Promise.all(
      names.map((name) => sizeOf(join(root, 'sha256', folder, name))),
    );
    for (const size of sizes) {
      if (size === undefined) continue;
      count += 1;
      sizeBytes += size;
    }
  }
  return { count, sizeBytes };
}

/**
 * Adds up a SQLite database and the files beside it that hold what is not in it yet.
 *
 * @returns Undefined where there is none.
 */
export async function measureDatabase(path: string): Promise<number | undefined> {
  const main = await sizeOf(path);
  if (main === undefined) return undefined;
  const beside = await Promise.all([sizeOf(`${path}-wal`), sizeOf(`${path}-shm`)]);
  return beside.reduce<number>((sum, size = 0) => sum + size, main);
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
