import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataDirectory } from './data-directory.ts';

/**
 * Gives work a directory of its own and removes it afterwards, however the work ends. What a crash
 * leaves behind goes when the worker starts again.
 */
export async function withScratch<T>(
  data: DataDirectory,
  purpose: string,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = join(data.scratch, `${purpose}-${randomUUID()}`);
  await mkdir(directory, { recursive: true });
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
