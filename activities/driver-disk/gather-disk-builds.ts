import { DriverDiskRefusedError } from '../../model/driver-disk-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { PlannedCell } from '../../model/plan.ts';
import {
  chooseDiskBuilds,
  type DiskBuild,
  type DiskCandidate,
} from '../../plan/choose-disk-builds.ts';
import { describeMissingBuild } from '../../report/describe-disk-faults.ts';
import { type AssessDeps, assessKernel } from '../assess.ts';
import type { Records } from '../records.ts';

/**
 * Finds the published builds of a kmod and of those that it needs that serve a kernel. Reads only.
 *
 * @returns Providers before those that need them.
 * @throws {DriverDiskRefusedError} If one of them has none.
 */
export async function gatherDiskBuilds(
  kmod: string,
  kernel: Kernel,
  deps: Omit<AssessDeps, 'onChange'>,
  signal: AbortSignal,
): Promise<readonly DiskBuild[]> {
  const { stream, release } = kernel;
  const { plan } = await assessKernel({ stream, release, forced: [] }, deps, signal);
  const planned = new Map(plan.cells.map((cell) => [cell.kmod, cell]));
  const candidates = new Map<string, DiskCandidate>();
  for (const name of new Set([kmod, ...planned.keys()])) {
    candidates.set(
      name,
      await readCandidate(name, { kernel, cell: planned.get(name) }, deps.records),
    );
  }
  const choice = chooseDiskBuilds(kmod, release, candidates);
  if (choice.kind === 'chosen') return choice.builds;
  const reasons = choice.kmods.map((missing) => describeMissingBuild(missing, release));
  throw new DriverDiskRefusedError(kmod, release, reasons);
}

async function readCandidate(
  kmod: string,
  { kernel, cell }: { readonly kernel: Kernel; readonly cell: PlannedCell | undefined },
  records: Records,
): Promise<DiskCandidate> {
  const { stream, release } = kernel;
  const read = async (from: string) =>
    (await records.readCell({ stream, release: from, kmod }))?.lastBuild;
  const own = await read(release);
  const verdict = cell?.verdict;
  const isKept = verdict?.kind === 'keep' && verdict.why === 'compatible';
  const donor = isKept ? await read(verdict.donor) : undefined;
  return {
    needs: cell?.needs ?? [],
    ...(verdict ? { verdict } : {}),
    ...(own ? { own } : {}),
    ...(donor ? { donor } : {}),
  };
}
