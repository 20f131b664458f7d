import type { Verdict } from '../model/verdict.ts';
import { describeProblem } from './describe-verdict.ts';

/** Lists the symbols behind a verdict, one a line, indented; nothing for a verdict without. */
export function problemsToText(verdict: Verdict): readonly string[] {
  if (!('problems' in verdict)) return [];
  const { shown, lostCount, crcCount } = verdict.problems;
  const more = lostCount + crcCount - shown.length;
  return [
    ...shown.map((problem) => `    ${describeProblem(problem)}`),
    ...(more > 0 ? [`    … and ${more} more`] : []),
  ];
}
