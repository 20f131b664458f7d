import type { PackagedModule } from '../model/kabi.ts';
import type { Kernel, Nevra } from '../model/kernel.ts';
import { compareEvr, compareVersions } from '../rpm/evr.ts';
import { flavourOfRelease } from '../rpm/kernel-release.ts';

/** A kmod package that somebody else built. */
export interface ForeignPackage {
  readonly nevra: Nevra;
  /** The `uname -r` of the kernel that all its modules were built for. */
  readonly release: string;
  /** The only kernels that it wants; empty for one that serves every kernel whose symbols fit. */
  readonly boundTo: readonly string[];
  readonly modules: readonly PackagedModule[];
}

/** A build of a kmod for some kernel: one package, or several of different names. */
export interface ForeignBuild {
  readonly release: string;
  readonly modules: readonly PackagedModule[];
}

/** As many as are looked at of our own builds. */
const BUILD_LIMIT = 3;

/**
 * Chooses the foreign builds of a kmod that could serve a kernel: of the same architecture and flavour,
 * and of several versions for one kernel the newest, which is the one that a machine has.
 *
 * @returns The build for this very kernel first, then those of the newest kernels; at most three.
 */
export function chooseForeignBuilds(
  packages: readonly ForeignPackage[],
  kernel: Pick<Kernel, 'release' | 'arch'>,
): readonly ForeignBuild[] {
  const flavour = flavourOfRelease(kernel.release);
  const byRelease = new Map<string, Map<string, ForeignPackage>>();
  for (const one of packages) {
    const isOwn = one.release === kernel.release;
    const isSuitable = one.nevra.arch === kernel.arch && flavourOfRelease(one.release) === flavour;
    if (!isSuitable || (one.boundTo.length > 0 && !isOwn)) continue;
    const byName = byRelease.get(one.release) ?? new Map<string, ForeignPackage>();
    const known = byName.get(one.nevra.name);
    if (!known || compareEvr(known.nevra, one.nevra) < 0) byName.set(one.nevra.name, one);
    byRelease.set(one.release, byName);
  }
  return [...byRelease]
    .sort(
      ([one], [other]) => rank(other, kernel) - rank(one, kernel) || compareVersions(other, one),
    )
    .slice(0, BUILD_LIMIT)
    .map(([release, byName]) => ({
      release,
      modules: [...byName.values()].flatMap(({ modules }) => modules),
    }));
}

function rank(release: string, kernel: Pick<Kernel, 'release'>): number {
  return release === kernel.release ? 1 : 0;
}
