import type { Verdict } from '../model/verdict.ts';
import { describeProblem, describeVerdict } from './describe-verdict.ts';
import { escapeMarkdown } from './escape-markdown.ts';

/** Lists the symbols behind a verdict, one a line, indented; nothing for a verdict without. */
export function problemsToText(verdict: Verdict): readonly string[] {
  if (!('problems' in verdict)) return [];
  const { shown, lostCount, refusedCount, crcCount } = verdict.problems;
  const more = lostCount + refusedCount + crcCount - shown.length;
  return [
    ...shown.map((problem) => `    ${describeProblem(problem)}`),
    ...(more > 0 ? [`    … and ${more} more`] : []),
  ];
}

/** The verdict with its symbols as a Markdown list, for the Temporal UI's details. */
export function verdictMarkdown(verdict: Verdict): string {
  const problems = problemsToText(verdict).map((line) => `- ${line.trim()}`);
  return [escapeMarkdown(describeVerdict(verdict)), '', ...problems].join('\n');
}
