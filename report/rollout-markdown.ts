import type { CellOutcome } from '../model/cell.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import { explainPlan, type SymbolOfPlan } from '../plan/explain-symbols.ts';
import { describeCause } from './describe-cause.ts';
import { describeCrcs, describeSource, KIND_LOOKS } from './describe-symbol.ts';
import { describeOutcome } from './describe-verdict.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatCount } from './format-values.ts';
import { headlineOf } from './headline.ts';
import { summarizePlan } from './plan-text.ts';
import { sizeOf } from './text-size.ts';

/** Temporal refuses details of more than 20,000 bytes. */
const MAX_MARKDOWN_BYTES = 16_000;
/** A dozen real symbols take 2,000; those with names that nobody could read give way to the kmods. */
const MAX_SYMBOL_BYTES = 6_000;

const MAX_CELLS = 60;
const MAX_SYMBOLS = 12;
const MAX_KMODS_OF_SYMBOL = 6;
const MAX_SENTENCE_LENGTH = 320;
const MAX_OUTCOME_LENGTH = 200;

/**
 * Shows a kernel's plan and how far it has come, for the Temporal UI's current details: what happens to
 * each kmod in everyday words, then the symbols that changed under them.
 *
 * @param ended How the cells ended that have ended, by kmod.
 * @returns At most 16,000 bytes of UTF-8; where there is no room the last kmods are left out.
 */
export function rolloutMarkdown(
  plan: RebuildPlan,
  ended: ReadonlyMap<string, CellOutcome>,
): string {
  const table = writeSymbols(explainPlan(plan));
  const symbols = sizeOf(table.join('\n')) <= MAX_SYMBOL_BYTES ? table : [];
  for (let shown = Math.min(plan.cells.length, MAX_CELLS); shown > 0; ) {
    const text = [...writeCells(plan, ended, shown), ...symbols].join('\n');
    if (sizeOf(text) <= MAX_MARKDOWN_BYTES) return text;
    shown = Math.floor(shown * 0.8);
  }
  return writeCells(plan, ended, 0).join('\n');
}

function writeCells(
  plan: RebuildPlan,
  ended: ReadonlyMap<string, CellOutcome>,
  shownCount: number,
): readonly string[] {
  const endedCount = plan.cells.filter((cell) => ended.has(cell.kmod)).length;
  const hidden = plan.cells.length - shownCount;
  const summary = `${summarizePlan(plan)}; ${endedCount} of ${plan.cells.length} have ended.`;
  const rankOf = ({ kmod }: PlannedCell): number => RANKS[ended.get(kmod)?.kind ?? 'unfinished'];
  // What asks for action must not be looked for among what does not.
  const cells = [...plan.cells].sort((a, b) => rankOf(a) - rankOf(b));
  return [
    `**${escapeMarkdown(plan.release, 64)}**: ${escapeMarkdown(summary)}`,
    '',
    '| kmod | what happens |',
    '| --- | --- |',
    ...cells.slice(0, shownCount).map((cell) => {
      return `| ${escapeMarkdown(cell.kmod, 64)} | ${writeCell(cell, ended.get(cell.kmod))} |`;
    }),
    ...(hidden > 0 ? ['', `… and ${formatCount(hidden, 'more kmod')}`] : []),
  ];
}

const RANKS: Readonly<Record<CellOutcome['kind'] | 'unfinished', number>> = {
  failed: 0,
  blocked: 0,
  cancelled: 0,
  deferred: 0,
  unfinished: 1,
  published: 2,
  kept: 2,
  excluded: 2,
};

/** What ended well takes a line: the page of thirty kmods is read for the others. */
function writeCell(
  { kmod, release, verdict }: PlannedCell,
  outcome: CellOutcome | undefined,
): string {
  const isGood = outcome?.kind === 'published' || outcome?.kind === 'kept';
  const headline = isGood ? [] : [headlineOf({ kmod, release, verdict, outcome })];
  const end = outcome ? [describeEnd(outcome)] : [];
  return [
    ...headline.map((text) => escapeMarkdown(text, MAX_SENTENCE_LENGTH)),
    ...end.map((text) => escapeMarkdown(text, MAX_OUTCOME_LENGTH)),
  ].join(' ');
}

/** What the kernel changed says more in little room than a compiler's line. */
function describeEnd(outcome: CellOutcome): string {
  return outcome.kind === 'failed' && outcome.cause
    ? `failed: ${describeCause(outcome.cause)}`
    : describeOutcome(outcome);
}

function writeSymbols(all: readonly SymbolOfPlan[]): readonly string[] {
  if (all.length === 0) return [];
  const hidden = all.length - MAX_SYMBOLS;
  return [
    '',
    '| symbol | change | CRC | exported by | kmods |',
    '| --- | --- | --- | --- | --- |',
    ...all.slice(0, MAX_SYMBOLS).map(({ symbol, kmods }) => {
      const others = kmods.length - MAX_KMODS_OF_SYMBOL;
      const users = kmods.slice(0, MAX_KMODS_OF_SYMBOL).join(', ');
      const cells = [
        symbol.symbol,
        KIND_LOOKS[symbol.kind].word,
        describeCrcs(symbol),
        describeSource(symbol),
        others > 0 ? `${users} and ${others} more` : users,
      ];
      return `| ${cells.map((cell) => escapeMarkdown(cell, 120)).join(' | ')} |`;
    }),
    ...(hidden > 0 ? ['', `… and ${formatCount(hidden, 'more symbol')}`] : []),
  ];
}
