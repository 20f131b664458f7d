import type { CellState } from '../model/cell-state.ts';
import { CELL_STATES, type CellStatus } from '../model/status.ts';
import { STATE_LOOKS } from './cell-state.ts';
import { cleanText } from './clean-text.ts';
import { describeAlarms, describeKernelNote } from './describe-watch.ts';
import { formatCount, formatSeconds } from './format-values.ts';
import { GATE_TONES } from './gate-text.ts';
import { findSharedSuffix, type Matrix, narrowMatrix } from './matrix.ts';
import { fit, paint, STATE_TONES, type TerminalStyle, wrap } from './terminal-text.ts';

const MAX_KMOD_WIDTH = 28;
const MAX_RELEASE_WIDTH = 32;
const LOOK_LENGTH = 80;
const ALARM_LENGTH = 1000;
const GAP = '  ';

/**
 * Writes a matrix for a terminal: title, table, reasons for what failed, legend.
 *
 * Where the terminal is narrow the oldest kernels are left out, and it says so.
 */
export function matrixToText(matrix: Matrix, style: TerminalStyle): string {
  const releases = matrix.columns.map(({ release }) => release);
  const suffix = findSharedSuffix(releases);
  const labels = releases.map((release) =>
    cleanText(release.slice(0, release.length - suffix.length), MAX_RELEASE_WIDTH),
  );
  const kmodWidth = Math.min(
    MAX_KMOD_WIDTH,
    Math.max(4, ...matrix.rows.map(({ kmod }) => [...cleanText(kmod)].length)),
  );
  const width = Math.max(...CELL_STATES.map((state) => writeState(state, style).length), 0);
  const widths = labels.map((label) => Math.max(width, [...label].length));
  const count = countFitting(widths, style.columns - kmodWidth);
  const shown = narrowMatrix(matrix, count);
  const columns = { labels: labels.slice(-count), widths: widths.slice(-count), kmodWidth };
  const lines = [
    ...writeTitle(shown, suffix, style),
    ...(shown.rows.length === 0 ? ['no kmods'] : []),
    ...(shown.columns.length === 0 ? ['no kernels yet'] : writeTable(shown, columns, style)),
    ...writeReasons(shown, style),
    ...writeLegend(shown, style),
  ];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

interface Columns {
  readonly labels: readonly string[];
  readonly widths: readonly number[];
  readonly kmodWidth: number;
}

/** How many of the newest columns fit; at least one, or there would be nothing to see. */
function countFitting(widths: readonly number[], room: number): number {
  let left = room;
  let count = 0;
  for (const width of [...widths].reverse()) {
    left -= width + GAP.length;
    if (left < 0 && count > 0) break;
    count += 1;
  }
  return Math.max(1, count);
}

function writeTitle(
  matrix: Matrix,
  suffix: string,
  { color, columns }: TerminalStyle,
): readonly string[] {
  const { stream, hiddenKernelCount } = matrix;
  const { lastLook } = stream;
  const look =
    lastLook === undefined
      ? 'never looked at'
      : `looked at ${formatSeconds(lastLook.ageSeconds)} ago: ${cleanText(lastLook.message, LOOK_LENGTH)}`;
  // The beginning alone rarely says which mirror had what.
  const isCut = lastLook?.ok === false && lastLook.message.length > LOOK_LENGTH;
  const failure = isCut && stream.quarantine === undefined ? [lastLook.message] : [];
  const alarms = [...failure, ...describeAlarms(stream)].flatMap((line) =>
    wrap(cleanText(line, ALARM_LENGTH), Math.max(40, columns)),
  );
  const tone = lastLook === undefined || lastLook.ok ? 'muted' : 'bad';
  const hidden = `${formatCount(hiddenKernelCount, 'older kernel')} not shown`;
  const ending = `releases end in ${cleanText(suffix)}`;
  const notes = [...(suffix === '' ? [] : [ending]), ...(hiddenKernelCount > 0 ? [hidden] : [])];
  return [
    `${paint(cleanText(stream.title), 'strong', color)}  ${paint(look, tone, color)}`,
    ...alarms.map((line) => paint(line, 'bad', color)),
    ...(notes.length > 0 ? [paint(notes.join('; '), 'muted', color)] : []),
    '',
  ];
}

function writeTable(matrix: Matrix, columns: Columns, style: TerminalStyle): readonly string[] {
  const { labels, widths, kmodWidth } = columns;
  const header = ['kmod', ...labels].map((label, index) =>
    fit(label, index === 0 ? kmodWidth : (widths[index - 1] ?? 0)),
  );
  const rows = matrix.rows.map(({ kmod, cells }) => {
    const states = cells.map((cell, index) => {
      const state = stateOf(cell);
      const text = fit(writeState(state, style), widths[index] ?? 0);
      return paint(text, STATE_TONES[state], style.color);
    });
    return [fit(cleanText(kmod), kmodWidth), ...states].join(GAP);
  });
  return [
    paint(header.join(GAP), 'strong', style.color),
    ...rows,
    ...writeGates(matrix, columns, style),
  ];
}

/** Whether machines see each kernel; nothing for a stream without a gate. */
function writeGates(
  matrix: Matrix,
  { widths, kmodWidth }: Columns,
  { color }: TerminalStyle,
): readonly string[] {
  if (matrix.columns.every(({ gate }) => gate === undefined)) return [];
  const states = matrix.columns.map(({ gate }, index) => {
    const text = fit(gate?.state ?? '', widths[index] ?? 0);
    return gate ? paint(text, GATE_TONES[gate.state], color) : text;
  });
  return [[paint(fit('gate', kmodWidth), 'strong', color), ...states].join(GAP)];
}

function writeReasons(matrix: Matrix, style: TerminalStyle): readonly string[] {
  const bad = matrix.rows
    .flatMap(({ cells }) => cells)
    .filter((cell) => cell !== undefined)
    .filter(({ state }) => ['failed', 'blocked', 'withheld'].includes(state));
  const held = matrix.columns.flatMap(({ release, gate }) =>
    gate === undefined || gate.state === 'released'
      ? []
      : [`${cleanText(release, 48)} is ${gate.state}: ${cleanText(gate.reason, 400)}`],
  );
  const notes = matrix.columns.flatMap(describeKernelNote).map((line) => cleanText(line, 400));
  if (bad.length === 0 && held.length === 0 && notes.length === 0) return [];
  const width = Math.max(40, style.columns);
  const lines = bad.flatMap((cell) => {
    const head = `${cleanText(cell.kmod, MAX_KMOD_WIDTH)} for ${cleanText(cell.release, 48)}`;
    return wrap(`${head}: ${cleanText(cell.sentence, 400)}`, width);
  });
  return ['', ...[...held, ...notes].flatMap((line) => wrap(line, width)), ...lines];
}

function writeLegend(matrix: Matrix, style: TerminalStyle): readonly string[] {
  const used = new Set(matrix.rows.flatMap(({ cells }) => cells.map(stateOf)));
  const parts = CELL_STATES.filter((state) => used.has(state)).map(
    (state) => `${writeState(state, style)}: ${STATE_LOOKS[state].meaning}`,
  );
  if (parts.length === 0) return [];
  const lines = parts.map((part) => paint(part, 'muted', style.color));
  return ['', ...lines];
}

function stateOf(cell: CellStatus | undefined): CellState {
  return cell?.state ?? 'unknown';
}

function writeState(state: CellState, { ascii = false }: TerminalStyle): string {
  const { ascii: plain, glyph, word } = STATE_LOOKS[state];
  return `${ascii ? plain : glyph} ${word}`;
}
