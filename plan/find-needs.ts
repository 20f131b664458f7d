import type { PackagedModule } from '../model/kabi.ts';
import type { Kmod } from '../model/kmod.ts';
import type { KmodNeed } from '../model/plan.ts';
import type { SpecDependencies } from '../rpm/spec-dependencies.ts';
import { findDependencies } from './dependencies.ts';
import { findCycles } from './find-cycles.ts';

/** What tells which other kmods a kmod needs. */
export interface NeedFacts {
  readonly kmod: Pick<Kmod, 'name' | 'needs'>;
  /** What its spec says; absent where that is not known. */
  readonly dependencies?: SpecDependencies;
  /** The modules of its newest build; none if it was never built. */
  readonly modules: readonly PackagedModule[];
  /** The source was another one then, so that it may need other kmods by now. */
  readonly isOldSource: boolean;
}

/** Kmod → what it needs, sorted by kmod, the surest reason first. */
export type NeedsOfKmods = ReadonlyMap<string, readonly KmodNeed[]>;

const CERTAINTY: Readonly<Record<KmodNeed['from'], number>> = {
  inventory: 0,
  'build-requires': 1,
  requires: 2,
  symbols: 3,
};

/**
 * Joins all that tells which kmods need each other: the inventory, their specs and their newest builds.
 *
 * A first build has neither imports nor exports, so that specs and inventory must do. What only the
 * build of an older source tells gives way where it would make a cycle: sources change their mind.
 */
export function findNeeds(kmods: readonly NeedFacts[]): NeedsOfKmods {
  const symbols = findDependencies(
    kmods.map(({ kmod, modules }) => ({ kmod: kmod.name, modules })),
  );
  const offers = indexOffers(kmods);
  const needs = new Map<string, readonly KmodNeed[]>();
  for (const { kmod, dependencies } of kmods) {
    const inventory = (kmod.needs ?? []).map(
      (need) => ({ kmod: need, from: 'inventory' }) as const,
    );
    const bySymbol = [...(symbols.get(kmod.name) ?? [])].map(
      ([need, what]) => ({ kmod: need, from: 'symbols', what }) as const,
    );
    const bySpec = [
      ...listRequired('build-requires', dependencies?.buildRequires, offers),
      ...listRequired('requires', dependencies?.requires, offers),
    ].filter((need) => need.kmod !== kmod.name);
    const found = [...inventory, ...bySpec, ...bySymbol];
    needs.set(kmod.name, dropRepeated(found).sort(compareNeeds));
  }
  return dropOutdated(
    needs,
    new Set(kmods.filter(({ isOldSource }) => isOldSource).map(({ kmod }) => kmod.name)),
  );
}

/** Kmod → the names of the kmods it needs, sorted. */
export function namesOfNeeds(needs: NeedsOfKmods): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...needs].map(([kmod, list]) => [kmod, [...new Set(list.map((need) => need.kmod))].sort()]),
  );
}

/** Kmod → those of its `BuildRequires` that other kmods provide: they come when those are built. */
export function findProvidedRequirements(
  kmods: readonly Pick<NeedFacts, 'kmod' | 'dependencies'>[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const offers = indexOffers(kmods);
  return new Map(
    kmods.map(({ kmod: { name }, dependencies }) => {
      const required = listRequired('build-requires', dependencies?.buildRequires, offers);
      const others = required.filter(({ kmod }) => kmod !== name);
      return [name, new Set(others.flatMap(({ what }) => what ?? []))];
    }),
  );
}

function listRequired(
  from: 'build-requires' | 'requires',
  names: readonly string[] = [],
  offers: ReadonlyMap<string, ReadonlySet<string>>,
): readonly KmodNeed[] {
  return names.flatMap((what) =>
    [...(offers.get(what) ?? [])].map((kmod) => ({ kmod, from, what })),
  );
}

/** What packages of a kmod may be required by → the kmods that have such a package. */
function indexOffers(
  kmods: readonly (Pick<NeedFacts, 'kmod' | 'dependencies'> & Partial<NeedFacts>)[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const offers = new Map<string, Set<string>>();
  for (const { kmod, dependencies, modules = [] } of kmods) {
    const names = new Set([
      ...(dependencies?.provides ?? []),
      ...listPackageNames(kmod.name, dependencies),
      ...modules.flatMap(listModuleNames),
    ]);
    for (const name of names) offers.set(name, (offers.get(name) ?? new Set()).add(kmod.name));
  }
  return offers;
}

/**
 * The packages that macros of the dialects make of a name: kmodtool's `kmod-x` of `x-kmod`, Red Hat's
 * `kmod-x` of `x`, SUSE's `x-kmp-default`; and what holds the symbols of each.
 */
function listPackageNames(name: string, dependencies: SpecDependencies | undefined): string[] {
  const base = (dependencies?.provides[0] ?? name).replace(/^kmod-|-(?:kmod|kmp)$/g, '');
  const packages = [`kmod-${base}`, `${base}-kmod`, `akmod-${base}`, `${base}-kmp`];
  return [
    ...packages.flatMap((one) => [one, `${one}-devel`, `${one}-symvers`]),
    ...['default', 'azure', 'rt', '64kb'].map((flavour) => `${base}-kmp-${flavour}`),
    ...listModuleFiles(base),
  ];
}

function listModuleNames({ name, exports }: PackagedModule): string[] {
  return [...listModuleFiles(name), ...exports.map(({ symbol }) => `ksym(${symbol})`)];
}

function listModuleFiles(name: string): string[] {
  return [`kmod(${name}.ko)`, `kmod(${name.replaceAll('-', '_')}.ko)`];
}

function dropRepeated(needs: readonly KmodNeed[]): KmodNeed[] {
  const byReason = new Map<string, KmodNeed>();
  for (const need of needs) {
    const key = `${need.from} ${need.kmod}`;
    if (!byReason.has(key)) byReason.set(key, need);
  }
  return [...byReason.values()];
}

/** Takes the symbols of older sources out of cycles; whatever cycle is left is one. */
function dropOutdated(needs: NeedsOfKmods, outdated: ReadonlySet<string>): NeedsOfKmods {
  const kept = new Map(needs);
  for (let isChanged = outdated.size > 0; isChanged; ) {
    isChanged = false;
    for (const cycle of new Set(findCycles(namesOfNeeds(kept)).values())) {
      for (const [index, kmod] of cycle.slice(0, -1).entries()) {
        const before = kept.get(kmod) ?? [];
        const after = before.filter(
          (need) =>
            need.from !== 'symbols' || need.kmod !== cycle[index + 1] || !outdated.has(kmod),
        );
        if (after.length === before.length) continue;
        kept.set(kmod, after);
        isChanged = true;
      }
    }
  }
  return kept;
}

function compareNeeds(a: KmodNeed, b: KmodNeed): number {
  if (a.kmod !== b.kmod) return a.kmod < b.kmod ? -1 : 1;
  return CERTAINTY[a.from] - CERTAINTY[b.from];
}
