import type { CellKey, CellRecord } from '../model/cell.ts';
import type { Settings } from '../model/settings.ts';
import type { KnownKernel, RetentionFacts } from '../plan/plan-retention.ts';
import type { Records } from './records.ts';

/** Gathers which kernels a repository serves, and what serves them. */
export async function gatherRetention(
  repository: string,
  { settings, records }: { readonly settings: Settings; readonly records: Records },
): Promise<Pick<RetentionFacts, 'kernels' | 'cells'>> {
  const streams = settings.streams.filter((stream) => stream.repository === repository);
  const kernels = await Promise.all(streams.map(({ name }) => listKnown(records, name)));
  const cells = await Promise.all(streams.map(({ name }) => records.listCells(name)));
  return { kernels: kernels.flat(), cells: cells.flat() };
}

/** Reads the records of some cells; those that have none are left out. */
export async function readCells(
  records: Records,
  keys: readonly CellKey[],
): Promise<readonly CellRecord[]> {
  const cells = await Promise.all(keys.map((key) => records.readCell(key)));
  return cells.filter((cell) => cell !== undefined);
}

async function listKnown(records: Records, stream: string): Promise<readonly KnownKernel[]> {
  const goneSince = (await records.readStream(stream))?.goneSince ?? {};
  const kernels = await records.listKernels(stream);
  return kernels.map(({ release, flavour }) => {
    const since = goneSince[release];
    return { stream, release, flavour, ...(since === undefined ? {} : { goneSince: since }) };
  });
}
