import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KernelKey } from '../../model/kernel.ts';
import type { DataDirectory } from '../data-directory.ts';
import { listJsonNames, listNames } from '../list-names.ts';

/**
 * Removes what is remembered of a kernel, itself first: what a crash leaves of the rest is found by
 * {@link listLostKernels}. The numbers of its builds stay, so that none is ever given twice.
 */
export async function removeKernelRecords(data: DataDirectory, key: KernelKey): Promise<void> {
  await rm(data.kernelFile(key), { force: true });
  await rm(data.planFile(key), { force: true });
  await rm(data.rolloutFile(key), { force: true });
  await rm(join(data.cellsOf(key.stream), key.release), { recursive: true, force: true });
}

/** Releases of which something is remembered, but not the kernel. */
export async function listLostKernels(
  data: DataDirectory,
  stream: string,
): Promise<readonly string[]> {
  const known = new Set(await listJsonNames(data.kernelsOf(stream)));
  const any = { stream, release: 'any' };
  const lists = [
    await listJsonNames(dirname(data.planFile(any))),
    await listJsonNames(dirname(data.rolloutFile(any))),
    await listNames(data.cellsOf(stream)),
  ];
  return [...new Set(lists.flat())].filter((release) => !known.has(release));
}
