import type { BuiltPackage, DonorBuild } from '../model/cell.ts';
import type { PackagedModule } from '../model/kabi.ts';
import type { Kernel } from '../model/kernel.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { ForeignBuildReader } from './foreign-builds.ts';
import type { Records } from './records.ts';

/** The build of a kmod that serves a kernel: one of its own, or one that was kept. */
export interface Provider {
  readonly kmod: string;
  readonly modules: readonly PackagedModule[];
  /** As published; none of a build that somebody else made. */
  readonly packages: readonly BuiltPackage[];
  /** Of the build; absent of one that somebody else made. */
  readonly inputDigest?: DonorBuild['inputDigest'];
}

export interface FindProvidersDeps {
  readonly records: Records;
  readonly readForeignBuilds: ForeignBuildReader;
}

/** Finds what serves a kernel of the kmods that a cell needs; those of which nothing does are missing. */
export async function findProviders(
  kernel: Kernel,
  cell: PlannedCell,
  { records, readForeignBuilds, signal }: FindProvidersDeps & { readonly signal: AbortSignal },
): Promise<readonly Provider[]> {
  const donorsOf = await records.openDonors(kernel);
  const providers: Provider[] = [];
  for (const kmod of cell.needs) {
    const verdict = (await records.readCell({ ...cell, kmod }))?.verdict;
    const isLent = verdict?.kind === 'keep' && verdict.why === 'compatible';
    const release = isLent ? verdict.donor : cell.release;
    const own = donorsOf(kmod).find((donor) => donor.release === release);
    if (own) {
      const { modules, inputDigest } = own;
      const packages = (await records.readCell({ ...cell, kmod, release }))?.lastBuild?.packages;
      providers.push({ kmod, modules, packages: packages ?? [], inputDigest });
      continue;
    }
    const foreign = await readForeignBuilds(kmod, kernel, signal);
    const { modules } = foreign.find((build) => build.release === release) ?? {};
    if (modules) providers.push({ kmod, modules, packages: [] });
  }
  return providers;
}
