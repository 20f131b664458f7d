import { compareProblems } from '../kabi/resolve.ts';
import { findSubsystem } from '../kabi/subsystem.ts';
import type { ExplainedSymbol } from '../model/explanation.ts';
import type { SymbolProblem } from '../model/kabi.ts';
import type { RebuildPlan } from '../model/plan.ts';
import type { Verdict } from '../model/verdict.ts';

/** A symbol that keeps modules from loading, without what follows from it. */
export type LocatedSymbol = Omit<ExplainedSymbol, 'follows'>;

/** Symbols of a verdict with what is known of them, and how many more it counts. */
export interface SymbolsOfVerdict {
  /** The gravest first. */
  readonly symbols: readonly LocatedSymbol[];
  readonly hiddenSymbolCount: number;
}

/** Lists the symbols behind a verdict with the parts of the kernel that they come from. */
export function explainSymbols(verdict: Verdict | undefined): SymbolsOfVerdict {
  if (!verdict || !('problems' in verdict)) return { symbols: [], hiddenSymbolCount: 0 };
  const { shown, lostCount, refusedCount, crcCount } = verdict.problems;
  return {
    symbols: shown.map(locate),
    hiddenSymbolCount: Math.max(0, lostCount + refusedCount + crcCount - shown.length),
  };
}

/** A symbol and the kmods of a plan that it keeps from loading. */
export interface SymbolOfPlan {
  readonly symbol: LocatedSymbol;
  /** In the plan's order. */
  readonly kmods: readonly string[];
}

/**
 * Lists the symbols that the verdicts of a plan show: the gravest first, then those that most kmods
 * use.
 */
export function explainPlan({ cells }: RebuildPlan): readonly SymbolOfPlan[] {
  const byKey = new Map<string, { symbol: LocatedSymbol; kmods: string[] }>();
  for (const { kmod, verdict } of cells) {
    for (const symbol of explainSymbols(verdict).symbols) {
      const key = `${symbol.kind} ${symbol.symbol}`;
      const known = byKey.get(key);
      if (known) known.kmods.push(kmod);
      else byKey.set(key, { symbol, kmods: [kmod] });
    }
  }
  return [...byKey.values()].sort(
    (one, other) =>
      compareKinds(one.symbol, other.symbol) ||
      other.kmods.length - one.kmods.length ||
      compareProblems(one.symbol, other.symbol),
  );
}

function compareKinds(one: SymbolProblem, other: SymbolProblem): number {
  return compareProblems({ ...one, symbol: '', usedBy: '' }, { ...other, symbol: '', usedBy: '' });
}

function locate(problem: SymbolProblem): LocatedSymbol {
  const { provider } = problem;
  const subsystem = provider === undefined ? undefined : findSubsystem(provider);
  return subsystem === undefined ? problem : { ...problem, subsystem };
}
