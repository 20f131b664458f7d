import type { VerdictKind } from '../../model/verdict.ts';
import type { FailedBuild } from './builds.ts';
import { judgeInventory } from './judge-inventory.ts';
import type { BuiltKernel } from './variants.ts';

/** A kernel with what came of building the kmods for it. */
export interface TriedKernel extends BuiltKernel {
  /** Of the lab's own sources. */
  readonly failed: readonly FailedBuild[];
}

/** What rekmod foretold about building a kmod for a kernel, and what came of it. */
export interface Forecast {
  readonly kmod: string;
  /** The kernel of the older build. */
  readonly builtFor: string;
  readonly kernel: string;
  readonly foretold: VerdictKind;
  /** Symbols that are gone, the first few. */
  readonly lost: readonly string[];
  /** Absent if it compiles. */
  readonly firstError?: string;
}

/**
 * Compares verdicts with compilers: for each kernel and kmod, what the newest older build of the same
 * source says about the kernel, and whether that source compiles for it.
 *
 * @param kernels The oldest first.
 */
export function makeForecasts(kernels: readonly TriedKernel[]): readonly Forecast[] {
  return kernels.flatMap((tried, index) =>
    listSources(tried).flatMap((kmod) => {
      const donor = kernels.slice(0, index).findLast((older) => findBuild(older, kmod));
      return donor ? [foretell(kmod, donor, tried)] : [];
    }),
  );
}

function listSources({ builds, failed }: TriedKernel): readonly string[] {
  const built = builds.filter(({ isNewer }) => !isNewer);
  return [...built, ...failed].map(({ kmod }) => kmod);
}

function findBuild({ builds }: BuiltKernel, kmod: string) {
  return builds.find((build) => build.kmod === kmod && !build.isNewer);
}

function foretell(kmod: string, donor: TriedKernel, tried: TriedKernel): Forecast {
  const builtFor = donor.kernel.release;
  const { kernel } = tried;
  const judged = judgeInventory({ builtFor, kernel, builds: donor.builds }).get(kmod);
  if (!judged) throw new Error(`BUG: ${kmod} was not judged`);
  const lost = judged.problems.filter(({ kind }) => kind === 'lost').map(({ symbol }) => symbol);
  const firstError = tried.failed.find((failed) => failed.kmod === kmod)?.firstError;
  return {
    kmod,
    builtFor,
    kernel: kernel.release,
    foretold: judged.verdict.kind,
    lost: [...new Set(lost)].slice(0, 5),
    ...(firstError === undefined ? {} : { firstError }),
  };
}
