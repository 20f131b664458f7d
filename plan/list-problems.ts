import type { SymbolProblem } from '../model/kabi.ts';
import { type ProblemList, SHOWN_PROBLEM_LIMIT } from '../model/verdict.ts';

/**
 * Shortens problems to what travels in a verdict: all counted, the first shown, lost ones before
 * changed ones.
 */
export function listProblems(problems: readonly SymbolProblem[]): ProblemList {
  const lost = problems.filter((problem) => problem.kind === 'lost');
  const crc = problems.filter((problem) => problem.kind === 'crc');
  return {
    lostCount: lost.length,
    crcCount: crc.length,
    shown: [...lost, ...crc].slice(0, SHOWN_PROBLEM_LIMIT),
  };
}
