import type { CellStatus } from '../model/status.ts';
import { describeCounts, STATE_LOOKS } from './cell-state.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatCount } from './format-values.ts';
import { type Matrix, narrowMatrix } from './matrix.ts';
import { sizeOf } from './text-size.ts';

/** Temporal refuses current details of more than 20,000 bytes. */
export const MAX_MARKDOWN_BYTES = 16_000;

const MAX_NAME_LENGTH = 48;
const MAX_SENTENCE_LENGTH = 200;

/**
 * Writes a matrix as a Markdown table with the reasons for what failed below it.
 *
 * @returns At most 16,000 bytes of UTF-8: first the reasons, then the oldest kernels, then the last
 *   kmods are left out, and it says so.
 */
export function matrixToMarkdown(matrix: Matrix): string {
  for (let columns = matrix.columns.length; columns > 1; columns -= 1) {
    const text = writeMatrix(narrowMatrix(matrix, columns), matrix.rows.length);
    if (sizeOf(text) <= MAX_MARKDOWN_BYTES) return text;
  }
  const narrow = narrowMatrix(matrix, 1);
  let rows = matrix.rows.length;
  while (rows > 0) {
    const text = writeMatrix(narrow, rows);
    if (sizeOf(text) <= MAX_MARKDOWN_BYTES) return text;
    rows = Math.floor(rows * 0.8);
  }
  return writeMatrix(narrow, 0);
}

function writeMatrix(matrix: Matrix, rowCount: number): string {
  const table = writeTable(matrix, rowCount);
  const notes = writeNotes(matrix, rowCount);
  const whole = [...table, ...notes].join('\n');
  return sizeOf(whole) <= MAX_MARKDOWN_BYTES ? whole : table.join('\n');
}

function writeTable(matrix: Matrix, rowCount: number): readonly string[] {
  const { stream, columns, rows, hiddenKernelCount } = matrix;
  const newest = columns.at(-1);
  const counts = newest === undefined ? '' : describeCounts(newest.counts);
  const hiddenRows = rows.length - rowCount;
  return [
    `**${escapeMarkdown(stream.title)}**${counts === '' ? '' : `, newest kernel: ${counts}`}`,
    '',
    ...(hiddenKernelCount > 0
      ? [`${formatCount(hiddenKernelCount, 'older kernel')} not shown.`, '']
      : []),
    `| kmod | ${columns.map(({ release }) => escapeMarkdown(release, MAX_NAME_LENGTH)).join(' | ')} |`,
    `| --- | ${columns.map(() => '---').join(' | ')} |`,
    ...rows.slice(0, rowCount).map(({ kmod, cells }) => {
      const name = escapeMarkdown(kmod, MAX_NAME_LENGTH);
      return `| ${name} | ${cells.map(writeCell).join(' | ')} |`;
    }),
    ...(hiddenRows > 0 ? ['', `… and ${formatCount(hiddenRows, 'more kmod')}`] : []),
  ];
}

function writeCell(cell: CellStatus | undefined): string {
  const { glyph, word } = STATE_LOOKS[cell?.state ?? 'unknown'];
  return `${glyph} ${word}`;
}

function writeNotes({ rows }: Matrix, rowCount: number): readonly string[] {
  const bad = rows
    .slice(0, rowCount)
    .flatMap(({ cells }) => cells)
    .filter((cell) => cell && ['failed', 'blocked', 'withheld'].includes(cell.state));
  if (bad.length === 0) return [];
  const lines = bad.flatMap((cell) => {
    if (cell === undefined) return [];
    const kmod = escapeMarkdown(cell.kmod, MAX_NAME_LENGTH);
    const release = escapeMarkdown(cell.release, MAX_NAME_LENGTH);
    const sentence = escapeMarkdown(cell.sentence, MAX_SENTENCE_LENGTH);
    return [`- **${kmod}** for ${release}: ${sentence}`];
  });
  return ['', ...lines];
}
