import type { ModuleFacts, Symvers } from '../model/kabi.ts';
import { collectExports, fits, type KmodExports } from './resolve.ts';

/** A kmod with the builds that could serve a kernel, the preferred one first. */
export interface FitCandidate<Build extends { readonly modules: readonly ModuleFacts[] }> {
  readonly kmod: string;
  readonly builds: readonly Build[];
}

/** What {@link findFit} found. */
export interface Fit<Build> {
  /** The build of each kmod that loads in the kernel as it is; kmods without one are missing. */
  readonly accepted: ReadonlyMap<string, Build>;
  /** What the accepted builds export. */
  readonly exports: KmodExports;
}

/**
 * Finds the builds that load in a kernel as they are: weak-modules' greatest fixpoint.
 *
 * All kmods start accepted with their preferred build. A build that has a problem with the kernel or
 * with what the others export gives way to the kmod's next one; a kmod without builds left falls, and
 * those that need it fall with it. Ends because nobody ever comes back.
 *
 * @see RHEL's weak-modules, which takes links away until `depmod -eE` is silent; SUSE's weak-modules2
 */
export function findFit<Build extends { readonly modules: readonly ModuleFacts[] }>(
  candidates: readonly FitCandidate<Build>[],
  kernel: Symvers,
): Fit<Build> {
  const left = new Map(candidates.map(({ kmod, builds }) => [kmod, [...builds]]));
  // A build that needs nothing from other kmods cannot lose it.
  const independent = new Set<Build>();
  for (;;) {
    const exports = exportsOf([...left.values()].map(([build]) => build));
    const giveWay = [...left.values()].filter(([build]) => {
      if (!build || independent.has(build)) return false;
      const { modules } = build;
      if (!fits({ modules, kernel, providers: exports })) return true;
      const needsNobody = exports.size === 0 || fits({ modules, kernel, providers: NO_EXPORTS });
      if (needsNobody) independent.add(build);
      return false;
    });
    if (giveWay.length === 0) return takeBack(candidates, firstOfEach(left), kernel);
    for (const builds of giveWay) builds.shift();
  }
}

/**
 * Accepts again what fell too early: against a build of its provider that has given way since. More
 * exports take nothing from those that are accepted already.
 */
function takeBack<Build extends { readonly modules: readonly ModuleFacts[] }>(
  candidates: readonly FitCandidate<Build>[],
  accepted: Map<string, Build>,
  kernel: Symvers,
): Fit<Build> {
  for (;;) {
    const exports = exportsOf([...accepted.values()]);
    const fitting = candidates.flatMap(({ kmod, builds }) => {
      if (accepted.has(kmod)) return [];
      const build = builds.find(({ modules }) => fits({ modules, kernel, providers: exports }));
      return build ? [{ kmod, build }] : [];
    });
    if (fitting.length === 0) return { accepted, exports };
    for (const { kmod, build } of fitting) accepted.set(kmod, build);
  }
}

const NO_EXPORTS: KmodExports = new Map();

function exportsOf(
  builds: readonly ({ readonly modules: readonly ModuleFacts[] } | undefined)[],
): KmodExports {
  const exports = new Map<string, readonly number[]>();
  for (const build of builds) collectExports(exports, build?.modules ?? []);
  return exports;
}

function firstOfEach<Build>(left: ReadonlyMap<string, readonly Build[]>): Map<string, Build> {
  const accepted = new Map<string, Build>();
  for (const [kmod, [build]] of left) if (build) accepted.set(kmod, build);
  return accepted;
}
