import type { PlannedCell } from '../model/plan.ts';
import type { Settings } from '../model/settings.ts';
import type { OtherKmod } from '../plan/find-takeovers.ts';
import type { Records } from './records.ts';

/** Tells which packages the other kmods of a cell's stream have published for its kernel. */
export async function findOtherKmods(
  { kmod: own, stream, release }: PlannedCell,
  { settings, records }: { readonly settings: Settings; readonly records: Records },
): Promise<readonly OtherKmod[]> {
  const others: OtherKmod[] = [];
  for (const { name: kmod, streams } of settings.kmods) {
    if (kmod === own || !streams.includes(stream)) continue;
    const record = await records.readCell({ stream, release, kmod });
    const packages = record?.lastBuild?.packages ?? [];
    others.push({ kmod, packages: packages.map(({ nevra }) => nevra.name) });
  }
  return others;
}
