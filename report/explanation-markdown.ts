import type { ExplainedSymbol, Explanation } from '../model/explanation.ts';
import {
  describeCrcs,
  describeMarks,
  describeSource,
  describeUsers,
  KIND_LOOKS,
} from './describe-symbol.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatCount } from './format-values.ts';
import { sizeOf } from './text-size.ts';

/** A cell's part of what the Temporal UI shows; Temporal refuses details of more than 20,000 bytes. */
const MAX_MARKDOWN_BYTES = 8000;

const MAX_SENTENCE_LENGTH = 700;
const MAX_CELL_LENGTH = 160;

/**
 * Writes an explanation as Markdown: the headline, the same in the words of the trade, and a table of
 * the symbols.
 *
 * @returns At most 8,000 bytes of UTF-8: where there is no room, the last symbols are left out, then the
 *   last sentences.
 */
export function explanationToMarkdown(explanation: Explanation): string {
  let { symbols, facts } = explanation;
  for (;;) {
    const text = writeExplanation({ ...explanation, facts }, symbols);
    if (sizeOf(text) <= MAX_MARKDOWN_BYTES) return text;
    if (symbols.length > 0) symbols = symbols.slice(0, -1);
    else if (facts.length > 0) facts = facts.slice(0, -1);
    else throw new Error(`BUG: a headline of ${sizeOf(text)} bytes`);
  }
}

function writeExplanation(
  { headline, facts, symbols, hiddenSymbolCount }: Explanation,
  shown: readonly ExplainedSymbol[],
): string {
  const hidden = hiddenSymbolCount + symbols.length - shown.length;
  return [
    `**${escapeMarkdown(headline, MAX_SENTENCE_LENGTH)}**`,
    '',
    ...facts.map(({ label, text }) => {
      return `- ${escapeMarkdown(label)}: ${escapeMarkdown(text, MAX_SENTENCE_LENGTH)}`;
    }),
    ...(shown.length === 0 ? [] : ['', ...writeTable(shown)]),
    ...(hidden === 0 ? [] : ['', `… and ${formatCount(hidden, 'more symbol')}`]),
    '',
  ].join('\n');
}

function writeTable(symbols: readonly ExplainedSymbol[]): readonly string[] {
  return [
    '| symbol | change | CRC | exported by | used by | what follows |',
    '| --- | --- | --- | --- | --- | --- |',
    ...symbols.map((symbol) => {
      const cells = [
        symbol.symbol,
        KIND_LOOKS[symbol.kind].word,
        describeCrcs(symbol),
        describeSource(symbol),
        describeUsers(symbol),
        [symbol.follows, ...describeMarks(symbol)].join('; '),
      ];
      return `| ${cells.map((cell) => escapeMarkdown(cell, MAX_CELL_LENGTH)).join(' | ')} |`;
    }),
  ];
}
