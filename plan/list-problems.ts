import type { SymbolProblem } from '../model/kabi.ts';
import { type ProblemList, SHOWN_PROBLEM_LIMIT } from '../model/verdict.ts';

/**
 * Shortens problems to what travels in a verdict: all counted, the first shown, the gravest before the
 * others: lost, then refused, then changed.
 */
export function listProblems(problems: readonly SymbolProblem[]): ProblemList {
  const lost = problems.filter(({ kind }) => kind === 'lost');
  const refused = problems.filter(({ kind }) => kind === 'gpl-only' || kind === 'namespace');
  const crc = problems.filter(({ kind }) => kind === 'crc');
  return {
    lostCount: lost.length,
    refusedCount: refused.length,
    crcCount: crc.length,
    shown: [...lost, ...refused, ...crc].slice(0, SHOWN_PROBLEM_LIMIT),
  };
}
