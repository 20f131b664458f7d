import { compareProblems } from '../kabi/resolve.ts';
import type { SymbolProblem } from '../model/kabi.ts';
import { type ProblemList, SHOWN_PROBLEM_LIMIT } from '../model/verdict.ts';

/** Counts problems and keeps the few that are shown. */
export interface ProblemCounter {
  add(problem: SymbolProblem): void;
  list(): ProblemList;
}

/**
 * Shortens problems to what travels in a verdict: all counted, the gravest few shown, see
 * {@link compareProblems}. Keeps no more of them than it shows.
 */
export function countProblems(): ProblemCounter {
  const counts = { lost: 0, crc: 0, refused: 0 };
  const shown: SymbolProblem[] = [];
  return {
    add(problem) {
      const { kind } = problem;
      counts[kind === 'lost' || kind === 'crc' ? kind : 'refused'] += 1;
      insert(shown, problem);
    },
    list: () => ({
      lostCount: counts.lost,
      refusedCount: counts.refused,
      crcCount: counts.crc,
      shown,
    }),
  };
}

/** Puts a problem in its place among the shown ones, if it has one there. */
function insert(shown: SymbolProblem[], problem: SymbolProblem): void {
  const last = shown[SHOWN_PROBLEM_LIMIT - 1];
  if (last && compareProblems(last, problem) <= 0) return;
  const at = shown.findIndex((other) => compareProblems(other, problem) > 0);
  shown.splice(at === -1 ? shown.length : at, 0, problem);
  if (shown.length > SHOWN_PROBLEM_LIMIT) shown.pop();
}
