import type { CellOutcome } from '../model/cell.ts';
import type { RebuildPlan } from '../model/plan.ts';
import { needsBuild } from '../model/verdict.ts';
import { describeOutcome, describeVerdict } from './describe-verdict.ts';
import { escapeMarkdown } from './escape-markdown.ts';

/** Temporal refuses details of more than 20,000 bytes; a character has at most four. */
const MAX_CELLS = 60;
const MAX_SENTENCE_LENGTH = 160;

/**
 * Shows a kernel's plan and how far it has come, for the Temporal UI's current details.
 *
 * @param ended How the cells ended that have ended, by kmod.
 */
export function rolloutMarkdown(
  plan: RebuildPlan,
  ended: ReadonlyMap<string, CellOutcome>,
): string {
  const builds = plan.cells.filter((cell) => needsBuild(cell.verdict)).length;
  const done = plan.cells.filter((cell) => ended.has(cell.kmod)).length;
  const rows = plan.cells.slice(0, MAX_CELLS).map(({ kmod, verdict }) => {
    const outcome = ended.get(kmod);
    const cells = [kmod, describeVerdict(verdict), outcome ? describeOutcome(outcome) : '…'];
    return `| ${cells.map((cell) => escapeMarkdown(cell.slice(0, MAX_SENTENCE_LENGTH))).join(' | ')} |`;
  });
  const more = plan.cells.length - rows.length;
  return [
    `**${plan.release}**: ${plan.cells.length - builds} of ${plan.cells.length} kmods need no build, ${builds} are built; ${done} have ended.`,
    '',
    '| kmod | verdict | outcome |',
    '| --- | --- | --- |',
    ...rows,
    ...(more > 0 ? ['', `… and ${more} more`] : []),
  ].join('\n');
}
