import type { MarkedDelta } from '../model/marked-delta.ts';
import { type DeltaSection, describeSections, listSections } from './delta-sections.ts';
import { concludeFor, type DeltaStyle, isSame, sameWords, titleOf } from './delta-text.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatNumber } from './format-values.ts';

const SHOWN_SYMBOLS = 20;
const MAX_CELL_LENGTH = 240;

/** Writes the difference of two kABIs as Markdown, with a table for each kind, the gravest first. */
export function deltaToMarkdown(delta: MarkedDelta, style: Omit<DeltaStyle, 'color'>): string {
  const named = { ...style, color: false };
  const sections = listSections(delta);
  const summary = isSame(sections) ? sameWords(named) : describeSections(sections);
  return [
    `**${escapeMarkdown(titleOf(named), MAX_CELL_LENGTH)}**: ${escapeMarkdown(summary, MAX_CELL_LENGTH)}`,
    ...sections.flatMap((one) => writeSection(one, style.all === true)),
    ...(style.kmod === undefined
      ? []
      : ['', `**${escapeMarkdown(concludeFor(style.kmod, style), 2 * MAX_CELL_LENGTH)}**`]),
    '',
  ].join('\n');
}

function writeSection({ title, rows }: DeltaSection, isWhole: boolean): readonly string[] {
  if (rows.length === 0) return [];
  const shown = isWhole ? rows : rows.slice(0, SHOWN_SYMBOLS);
  const hidden = rows.length - shown.length;
  return [
    '',
    `| ${escapeMarkdown(title)} (${formatNumber(rows.length)}) | change | notes |`,
    '| --- | --- | --- |',
    ...shown.map((write) => {
      const { symbol, change, notes } = write();
      const cells = [symbol, change, notes.join('; ')];
      return `| ${cells.map((cell) => escapeMarkdown(cell, MAX_CELL_LENGTH)).join(' | ')} |`;
    }),
    ...(hidden > 0 ? ['', `… and ${formatNumber(hidden)} more (\\-\\-all lists them)`] : []),
  ];
}
