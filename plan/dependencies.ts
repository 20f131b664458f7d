import type { PackagedModule } from '../model/kabi.ts';

/** A kmod with the modules of its newest build. */
export interface KmodModules {
  readonly kmod: string;
  readonly modules: readonly PackagedModule[];
}

/**
 * Finds which kmods import symbols that other kmods export, from their newest builds.
 *
 * A symbol that several kmods export makes an edge to each: which of them is loaded is the
 * machine's choice. A symbol that a kmod exports itself makes none: two versions of one driver do not
 * need each other.
 *
 * @returns Kmod → the kmods it needs, sorted, each with one of the symbols; empty for kmods without.
 */
export function findDependencies(
  builds: readonly KmodModules[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const exporters = new Map<string, string[]>();
  for (const { kmod, modules } of builds) {
    for (const { symbol } of modules.flatMap((module) => module.exports)) {
      exporters.set(symbol, [...(exporters.get(symbol) ?? []), kmod]);
    }
  }
  // Few kmods export anything; what all of them import would be looked up in vain.
  if (exporters.size === 0) return new Map(builds.map(({ kmod }) => [kmod, NO_NEEDS]));
  return new Map(builds.map((build) => [build.kmod, needsOf(build, exporters)]));
}

const NO_NEEDS: ReadonlyMap<string, string> = new Map();

function needsOf(
  build: KmodModules,
  exporters: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, string> {
  const needs = new Map<string, string>();
  for (const module of build.modules) {
    for (const { symbol } of module.imports) {
      const kmods = exporters.get(symbol) ?? [];
      if (kmods.includes(build.kmod)) continue;
      for (const kmod of kmods) if (!needs.has(kmod)) needs.set(kmod, symbol);
    }
  }
  return new Map([...needs].sort(([a], [b]) => (a < b ? -1 : 1)));
}
