import { findFit } from '../kabi/fit.ts';
import { collectExports } from '../kabi/resolve.ts';
import type { DonorBuild } from '../model/cell.ts';
import type { Symvers } from '../model/kabi.ts';
import type { Kernel } from '../model/kernel.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import type { Stream } from '../model/settings.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import type { SpecDependencies } from '../rpm/spec-dependencies.ts';
import { blockCycles } from './block-cells.ts';
import type { Needs } from './find-cycles.ts';
import { findNeeds, type NeedFacts, type NeedsOfKmods, namesOfNeeds } from './find-needs.ts';
import { type KmodFacts as FactsOfKmod, judgeCell, listServingBuilds } from './judge-cell.ts';
import { orderWaves } from './waves.ts';

/** One kmod of the inventory with what is known of it. */
export interface KmodFacts extends Omit<FactsOfKmod, 'kernel' | 'isForced'> {
  /** What its spec says of other packages; absent where that is not known. */
  readonly dependencies?: SpecDependencies;
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
 * The builds of all kmods are put to the kernel together, so that kmods which need each other stand or
 * fall together; those that need a kmod which is rebuilt are rebuilt after it. Kmods that need themselves
 * by way of others cannot be built in any order: they are blocked, and nobody else.
 */
export function assemblePlan(facts: PlanFacts): RebuildPlan {
  const reasons = findNeeds(facts.kmods.map(toNeedFacts));
  const needs = namesOfNeeds(reasons);
  const verdicts = blockCycles(judgeKmods(facts, dropRunTime(reasons)), needs);
  const built = listBuilt(verdicts);
  const waves = orderWaves(restrictTo(built, needs));
  const cells = facts.kmods.map((kmod) => {
    const { name } = kmod.kmod;
    const verdict = requireVerdict(verdicts, name);
    return planCell(facts, kmod, {
      verdict,
      wave: waves.get(name) ?? 0,
      needs: needs.get(name) ?? [],
      ...listUnlessEmpty('needReasons', reasons.get(name) ?? []),
      ...listUnlessEmpty('neededBy', findUsers(name, needs)),
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

function toNeedFacts({ kmod, dependencies, donors: [newest], sourceDigest }: KmodFacts): NeedFacts {
  return {
    kmod,
    ...(dependencies ? { dependencies } : {}),
    modules: newest?.modules ?? [],
    isOldSource: newest !== undefined && newest.sourceDigest !== sourceDigest,
  };
}

/** What is only required where a kmod is installed makes no other build of it. */
function dropRunTime(reasons: NeedsOfKmods): NeedsOfKmods {
  return new Map(
    [...reasons].map(([kmod, list]) => [kmod, list.filter(({ from }) => from !== 'requires')]),
  );
}

function findUsers(kmod: string, needs: Needs): readonly string[] {
  return [...needs].flatMap(([user, list]) => (list.includes(kmod) ? [user] : [])).sort();
}

function listUnlessEmpty<Key extends string, T>(
  key: Key,
  list: readonly T[],
): { readonly [Name in Key]?: readonly T[] } {
  const named: { [Name in Key]?: readonly T[] } = {};
  if (list.length > 0) named[key] = list;
  return named;
}

/**
 * Finds the kmods of whose packages a build was made that are other ones by now; of those that only
 * export symbols to it their CRCs tell.
 */
function findRenewed(
  kmod: string,
  {
    reasons,
    accepted,
    kernel,
  }: {
    readonly reasons: NeedsOfKmods;
    readonly accepted: ReadonlyMap<string, DonorBuild>;
    readonly kernel: Kernel;
  },
): readonly string[] {
  const build = accepted.get(kmod);
  if (build?.given === undefined || build.release !== kernel.release) return [];
  const { given } = build;
  return (reasons.get(kmod) ?? []).flatMap((need) => {
    const now = accepted.get(need.kmod);
    if (need.from !== 'build-requires' || now?.release !== kernel.release) return [];
    const before = given[need.kmod];
    return before === undefined || before === now.inputDigest ? [] : [need.kmod];
  });
}

/** Judges until no further kmod must be rebuilt because one that it needs is. */
function judgeKmods(facts: PlanFacts, reasons: NeedsOfKmods): ReadonlyMap<string, Verdict> {
  const needs = namesOfNeeds(reasons);
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
    const { name } = kmod.kmod;
    const rebuilt = (needs.get(name) ?? []).filter((need) => built.has(need));
    const pendingSymbols = exportsOf(facts, rebuilt);
    const symbols = { symvers, accepted: accepted.get(name), providers };
    const rebuiltProviders = [...rebuilt, ...findRenewed(name, { reasons, accepted, kernel })];
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
  decision: Pick<PlannedCell, 'verdict' | 'wave' | 'needs' | 'needReasons' | 'neededBy'>,
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
