import type { CellRecord } from '../model/cell.ts';
import type { WithheldPackage } from '../model/snapshot.ts';
import type { ServedNamesReader } from './snapshot/served-names.ts';

/**
 * Finds what a rollback took from a cell: the build for its own kernel, or the one of another kernel that
 * it was served by.
 *
 * @param cells All cells of the stream.
 */
export function findWithheld(
  { kmod, verdict, outcome, lastBuild }: CellRecord,
  cells: readonly CellRecord[],
  readServed: ServedNamesReader,
): WithheldPackage | undefined {
  if (outcome.kind !== 'published' && outcome.kind !== 'kept') return undefined;
  const isKeptByOther = verdict.kind === 'keep' && verdict.why === 'compatible';
  const serving = isKeptByOther
    ? cells.find((cell) => cell.kmod === kmod && cell.release === verdict.donor)?.lastBuild
    : lastBuild;
  if (!serving) return undefined;
  const withheld = readServed(serving.repository)?.withheld;
  const names = serving.packages.map(({ fileName }) => fileName);
  return names.map((name) => withheld?.get(name)).find((file) => file !== undefined);
}
