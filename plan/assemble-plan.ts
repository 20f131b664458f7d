import { findFit } from '../kabi/fit.ts';
import { collectExports } from '../kabi/resolve.ts';
import type { Symvers } from '../model/kabi.ts';
import type { Kernel } from '../model/kernel.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import type { Stream } from '../model/settings.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import { findDependencies } from './dependencies.ts';
import { type KmodFacts as FactsOfKmod, judgeCell, listServingBuilds } from './judge-cell.ts';
import { orderWaves } from './waves.ts';

/** One kmod of the inventory with what is known of it. */
export type KmodFacts = Omit<FactsOfKmod, 'kernel' | 'isForced'>;

export interface PlanFacts {
  readonly stream: Pick<Stream, 'name' | 'target' | 'repository'>;
  readonly kernel: Kernel;
  readonly symvers: Symvers;
  /** All kmods of the stream. */
  readonly kmods: readonly KmodFacts[];
  /** Kmods that are built whatever the verdict would be. */
  readonly forced: readonly string[];
}

type Needs = ReadonlyMap<string, readonly string[]>;

/**
 * Decides what is to be done about one kernel.
 *
 * The builds of all kmods are put to the kernel together, so that kmods which need each other stand or
 * fall together; those that need a kmod which is rebuilt are rebuilt after it.
 */
export function assemblePlan(facts: PlanFacts): RebuildPlan {
  const needs = findDependencies(
    facts.kmods.map(({ kmod, donors }) => ({
      kmod: kmod.name,
      modules: donors[0]?.modules ?? [],
    })),
  );
  const verdicts = judgeKmods(facts, needs);
  const built = listBuilt(verdicts);
  const waves = orderWaves(restrictTo(built, needs));
  const cells = facts.kmods.map((kmod) => {
    const { name } = kmod.kmod;
    const verdict = requireVerdict(verdicts, name);
    return planCell(facts, kmod, {
      verdict,
      wave: waves.get(name) ?? 0,
      needs: needs.get(name) ?? [],
    });
  });
  return {
    stream: facts.kernel.stream,
    release: facts.kernel.release,
    arch: facts.kernel.arch,
    target: facts.stream.target,
    repository: facts.stream.repository,
    cells: cells.sort((a, b) => a.wave - b.wave || compareNames(a.kmod, b.kmod)),
  };
}

/** Judges until no further kmod must be rebuilt because one that it needs is. */
function judgeKmods(facts: PlanFacts, needs: Needs): ReadonlyMap<string, Verdict> {
  const { kernel, symvers } = facts;
  const kmods = facts.kmods.map((kmod) => {
    const isForced = facts.forced.includes(kmod.kmod.name);
    return { ...kmod, kernel, isForced };
  });
  const candidates = kmods.map((kmod) => ({
    kmod: kmod.kmod.name,
    builds: listServingBuilds(kmod),
  }));
  const { accepted, exports: providers } = findFit(candidates, symvers);
  const judge = (kmod: FactsOfKmod, built: ReadonlySet<string>) => {
    const rebuiltProviders = (needs.get(kmod.kmod.name) ?? []).filter((need) => built.has(need));
    const pendingSymbols = exportsOf(facts, rebuiltProviders);
    const symbols = { symvers, accepted: accepted.get(kmod.kmod.name), providers };
    return judgeCell({ ...kmod, ...symbols, rebuiltProviders, pendingSymbols });
  };
  const verdicts = new Map(kmods.map((kmod) => [kmod.kmod.name, judge(kmod, new Set())]));
  const dependants = kmods.filter(({ kmod }) => (needs.get(kmod.name) ?? []).length > 0);
  for (let built = listBuilt(verdicts); ; ) {
    for (const kmod of dependants) verdicts.set(kmod.kmod.name, judge(kmod, built));
    const now = listBuilt(verdicts);
    if (now.size === built.size) return verdicts;
    built = now;
  }
}

function listBuilt(verdicts: ReadonlyMap<string, Verdict>): ReadonlySet<string> {
  return new Set([...verdicts].flatMap(([kmod, verdict]) => (needsBuild(verdict) ? [kmod] : [])));
}

function restrictTo(kmods: ReadonlySet<string>, needs: Needs): Needs {
  return new Map([...needs].filter(([kmod]) => kmods.has(kmod)));
}

function requireVerdict(verdicts: ReadonlyMap<string, Verdict>, kmod: string): Verdict {
  const verdict = verdicts.get(kmod);
  if (!verdict) throw new Error(`BUG: ${kmod} was not judged`);
  return verdict;
}

function planCell(
  facts: PlanFacts,
  { kmod, donors, sourceDigest, inputDigest }: KmodFacts,
  decision: Pick<PlannedCell, 'verdict' | 'wave' | 'needs'>,
): PlannedCell {
  const newest = donors.find(({ isForeign }) => !isForeign);
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
    ...(kmod.loadTest ? { loadTest: kmod.loadTest.mode } : {}),
    ...(newest ? { expectedSeconds: Math.ceil(newest.durationMs / 1000) } : {}),
  };
}

function exportsOf(facts: PlanFacts, kmods: readonly string[]): ReadonlySet<string> {
  const symbols = new Map<string, readonly number[]>();
  for (const { kmod, donors } of facts.kmods) {
    if (kmods.includes(kmod.name)) collectExports(symbols, donors[0]?.modules ?? []);
  }
  return new Set(symbols.keys());
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
