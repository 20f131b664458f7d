import { exportIndex } from '../kabi/resolve.ts';
import type { DonorBuild } from '../model/cell.ts';
import type { Symvers } from '../model/kabi.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import type { Stream } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import { findDependencies } from './dependencies.ts';
import { judgeCell } from './judge-cell.ts';
import { orderWaves } from './waves.ts';

/** One kmod of the inventory with what is known of it. */
export interface KmodFacts {
  readonly kmod: Kmod;
  readonly sourceDigest: Sha256Hex;
  readonly inputDigest: Sha256Hex;
  readonly bindsToOneKernel: boolean;
  /** Published builds in the kernel's stream, newest kernel first. */
  readonly donors: readonly DonorBuild[];
}

export interface PlanFacts {
  readonly stream: Pick<Stream, 'name' | 'target' | 'repository'>;
  readonly kernel: Kernel;
  readonly symvers: Symvers;
  /** All kmods of the stream. */
  readonly kmods: readonly KmodFacts[];
  /** Kmods that are built whatever the verdict would be. */
  readonly forced: readonly string[];
}

/**
 * Decides what is to be done about one kernel.
 *
 * Kmods are judged in the order of their symbol dependencies, so that a dependant is resolved
 * against what its accepted providers export, and follows a provider that is rebuilt.
 */
export function assemblePlan(facts: PlanFacts): RebuildPlan {
  const needs = findDependencies(
    facts.kmods.map(({ kmod, donors }) => ({
      kmod: kmod.name,
      modules: donors[0]?.modules ?? [],
    })),
  );
  const waves = orderWaves(needs);
  const ordered = facts.kmods.toSorted(
    (a, b) =>
      (waves.get(a.kmod.name) ?? 0) - (waves.get(b.kmod.name) ?? 0) ||
      compareNames(a.kmod.name, b.kmod.name),
  );
  const cells: PlannedCell[] = [];
  const providers = new Map<string, number>();
  for (const kmod of ordered) {
    const needed = needs.get(kmod.kmod.name) ?? [];
    const rebuilt = cells.filter((cell) => needed.includes(cell.kmod) && needsBuild(cell.verdict));
    const verdict = judgeCell({
      ...kmod,
      kernel: facts.kernel,
      symvers: facts.symvers,
      providers,
      rebuiltProviders: rebuilt.map((cell) => cell.kmod),
      pendingSymbols: exportsOf(facts, rebuilt),
      isForced: facts.forced.includes(kmod.kmod.name),
    });
    addExports(providers, kmod, { verdict, release: facts.kernel.release });
    const wave = Math.max(0, ...rebuilt.map((cell) => cell.wave + 1));
    cells.push(planCell(facts, kmod, { verdict, wave, needs: needed }));
  }
  return {
    stream: facts.kernel.stream,
    release: facts.kernel.release,
    arch: facts.kernel.arch,
    target: facts.stream.target,
    repository: facts.stream.repository,
    cells: cells.sort((a, b) => a.wave - b.wave || compareNames(a.kmod, b.kmod)),
  };
}

function planCell(
  facts: PlanFacts,
  { kmod, donors, sourceDigest, inputDigest }: KmodFacts,
  decision: Pick<PlannedCell, 'verdict' | 'wave' | 'needs'>,
): PlannedCell {
  const [newest] = donors;
  const own = donors.find((donor) => donor.release === facts.kernel.release);
  return {
    stream: facts.kernel.stream,
    kmod: kmod.name,
    release: facts.kernel.release,
    arch: facts.kernel.arch,
    ...decision,
    required: kmod.required,
    sourceDigest,
    inputDigest,
    buildNumber: (own?.buildNumber ?? 0) + 1,
    ...(newest ? { expectedSeconds: Math.ceil(newest.durationMs / 1000) } : {}),
  };
}

function exportsOf(facts: PlanFacts, cells: readonly PlannedCell[]): ReadonlySet<string> {
  const kmods = new Set(cells.map((cell) => cell.kmod));
  const builds = facts.kmods.filter(({ kmod }) => kmods.has(kmod.name));
  return new Set(builds.flatMap(({ donors }) => [...exportIndex(donors[0]?.modules ?? []).keys()]));
}

/** What a kept kmod's build exports is what its dependants will meet on this kernel. */
function addExports(
  providers: Map<string, number>,
  { donors }: KmodFacts,
  { verdict, release }: { readonly verdict: Verdict; readonly release: string },
): void {
  if (verdict.kind !== 'keep') return;
  const kept = verdict.why === 'compatible' ? verdict.donor : release;
  const donor = donors.find((build) => build.release === kept);
  for (const [symbol, crc] of exportIndex(donor?.modules ?? [])) providers.set(symbol, crc);
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
