import type { SymbolProblem } from '../model/kabi.ts';
import { type ProblemList, SHOWN_PROBLEM_LIMIT } from '../model/verdict.ts';

/**
 * Shortens problems to what travels in a verdict: all counted, the first shown, the gravest before the
 * others: lost, then changed, then refused.
 */
export function listProblems(problems: readonly SymbolProblem[]): ProblemList {
  const lost = problems.filter(({ kind }) => kind === 'lost');
  const crc = problems.filter(({ kind }) => kind === 'crc');
  const refused = problems.filter(({ kind }) => kind !== 'lost' && kind !== 'crc');
  return {
    lostCount: lost.length,
    refusedCount: refused.length,
    crcCount: crc.length,
    shown: [...lost, ...crc, ...refused].slice(0, SHOWN_PROBLEM_LIMIT),
  };
}
