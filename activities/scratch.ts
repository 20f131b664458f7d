import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';

/** Of this process; whatever else lies in the scratch folder belongs to nobody any more. */
const inUse = new Set<string>();

/**
 * Gives work a directory of its own and removes it afterwards, however the work ends. What a crash
 * leaves behind goes when the worker starts again, what could not be removed with an upkeep.
 */
export async function withScratch<T>(
  data: Pick<DataDirectory, 'scratch'>,
  purpose: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = join(data.scratch, `${purpose}-${randomUUID()}`);
  inUse.add(directory);
  try {
    await mkdir(directory, { recursive: true });
    return await work(directory);
  } finally {
    try {
      await rm(directory, { recursive: true, force: true });
    } finally {
      inUse.delete(directory);
    }
  }
}

/** Whether work of this process has a scratch directory just now. */
export function isScratchInUse(directory: string): boolean {
  return inUse.has(directory);
}
