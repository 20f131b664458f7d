import type { CellState } from '../model/cell-state.ts';
import type { CellStatus, KernelStatus, StatusReport, StreamStatus } from '../model/status.ts';
import { cellPagePath } from './cell-page-path.ts';
import { countStates, describeCounts, STATE_LOOKS } from './cell-state.ts';
import { describeAlarms, describeKernelNote } from './describe-watch.ts';
import { formatCount, formatMoment, formatSeconds } from './format-values.ts';
import { anchorOf, escapeHtml, link, withCode } from './html.ts';
import { assembleMatrix, findSharedSuffix, type Matrix, type MatrixRow } from './matrix.ts';

/** Looks may be late by this many intervals before the page calls it an alarm. */
const LATE_FACTOR = 3;

const MAX_NAME_LENGTH = 64;
const MAX_SENTENCE_LENGTH = 400;
const MAX_GATE_LENGTH = 120;
const MAX_NOTE_LENGTH = 1000;

/** One stream as a card: how fresh it is, its matrix, and the reason of every cell below. */
export function streamToHtml(
  report: StatusReport,
  stream: StreamStatus,
  maxKernels: number,
): string {
  const matrix = assembleMatrix(report, stream.name, maxKernels);
  if (matrix === undefined) return '';
  const id = anchorOf('stream', stream.name);
  return `<section class="card" aria-labelledby="${id}">
<div class="head"><h2 id="${id}">${escapeHtml(stream.title)}</h2>${writeLook(stream)}</div>
${writeNotes([...describeAlarms(stream), ...stream.kernels.flatMap(describeKernelNote)])}
${writeMatrix(matrix)}</section>`;
}

/** A state as a coloured pill; `count` is put in front where given. */
export function pill(state: CellState, count?: number): string {
  const { glyph, word } = STATE_LOOKS[state];
  const text = count === undefined ? word : `${count} ${word}`;
  return `<span class="pill ${state}"><span aria-hidden="true">${glyph}</span>${text}</span>`;
}

/** Sentences that must not be overlooked, as a list; nothing for none. */
export function writeNotes(sentences: readonly string[]): string {
  if (sentences.length === 0) return '';
  const items = sentences.map((text) => `<li>${escapeHtml(text, MAX_NOTE_LENGTH)}</li>`);
  return `<div role="alert"><ul class="notes">${items.join('')}</ul></div>`;
}

/** How fresh something is, as a pill with what the last look found. */
export function writeLook({
  lastLook,
  pollIntervalMs,
}: Pick<StreamStatus, 'lastLook' | 'pollIntervalMs'>): string {
  if (lastLook === undefined) return '<span class="pill">never looked at</span>';
  const { ageSeconds, at, ok, message } = lastLook;
  const isLate = ageSeconds * 1000 > pollIntervalMs * LATE_FACTOR;
  const tone = !ok ? 'alarm' : isLate ? 'late' : 'fresh';
  const time = `<time datetime="${escapeHtml(at)}">${formatSeconds(ageSeconds)} ago</time>`;
  const late = isLate ? `, expected every ${formatSeconds(pollIntervalMs / 1000)}` : '';
  return `<span class="pill ${tone}"><span>last look ${time}${late}</span></span>
<span class="soft small">${escapeHtml(message)}</span>`;
}

function writeMatrix(matrix: Matrix): string {
  const { stream, columns, rows, hiddenKernelCount } = matrix;
  if (rows.length === 0) return '<p class="soft">No kmod is built for this stream.</p>';
  if (columns.length === 0) return '<p class="soft">No kernel found yet.</p>';
  const hidden =
    hiddenKernelCount === 0 ? '' : `; ${formatCount(hiddenKernelCount, 'older kernel')} not shown`;
  const suffix = findSharedSuffix(columns.map(({ release }) => release));
  const caption = `${formatCount(rows.length, 'kmod')}, newest kernel at the right${hidden}`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(stream.title)}">
<table><caption>${caption}</caption>
<thead><tr><td></td>${columns.map((column) => writeColumn(column, suffix)).join('')}</tr></thead>
<tbody>${rows.map((row) => writeRow(row)).join('\n')}</tbody></table></div>
<h3>Reasons</h3>
${rows.map((row) => writeDetails(row)).join('\n')}
`;
}

function writeColumn(
  { release, foundAt, state, counts, estimate, gate }: KernelStatus,
  suffix: string,
): string {
  const short = escapeHtml(release.slice(0, release.length - suffix.length), MAX_NAME_LENGTH);
  const tail = suffix === '' ? '' : `<small>${escapeHtml(suffix, MAX_NAME_LENGTH)}</small>`;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.excluded;
  const ready = counts.kept + counts.built;
  const progress =
    state === 'waiting-for-devel' ? 'waiting for kernel-devel' : `${ready} of ${all} ready`;
  return `<th scope="col"><span class="release mono">${short}${tail}</span>
<span class="sub" title="found ${escapeHtml(formatMoment(foundAt))}">${progress}</span>${writeEstimate(estimate)}${writeGate(gate)}</th>`;
}

function writeEstimate(estimate: KernelStatus['estimate']): string {
  if (estimate === undefined) return '';
  const basis = `by ${formatCount(estimate.measuredBuilds, 'measured build')}`;
  return `
<span class="sub" title="${basis}">ready in about ${formatSeconds(estimate.remainingMs / 1000)}</span>`;
}

/** Whether machines see the kernel, in the colour of a cell that stands alike. */
function writeGate(gate: KernelStatus['gate']): string {
  if (gate === undefined) return '';
  const { state, reason, since } = gate;
  const title = `since ${formatMoment(since)}: ${reason}`;
  const text = state === 'released' ? state : `${state}: ${reason}`;
  return `
<span class="sub gate ${state}" title="${escapeHtml(title, MAX_SENTENCE_LENGTH)}">${escapeHtml(text, MAX_GATE_LENGTH)}</span>`;
}

function writeRow({ kmod, isRequired, cells }: MatrixRow): string {
  const name = escapeHtml(kmod, MAX_NAME_LENGTH);
  const required = isRequired ? '<span class="req">required</span>' : '';
  const states = cells.map((cell) => `<td>${writeCell(cell)}</td>`).join('');
  return `<tr${writeMarks(
    kmod,
    cells.map((cell) => cell?.state ?? 'unknown'),
  )}><th scope="row" title="${name}">${name}${required}</th>${states}</tr>`;
}

/** By which the page's script finds a kmod. */
function writeMarks(kmod: string, states: readonly CellState[]): string {
  const name = escapeHtml(kmod, MAX_NAME_LENGTH);
  return ` data-kmod="${name}" data-states="${[...new Set(states)].join(' ')}"`;
}

function writeCell(cell: CellStatus | undefined): string {
  if (cell === undefined || cell.state === 'unknown') return pill('unknown');
  const { glyph, word } = STATE_LOOKS[cell.state];
  const title = escapeHtml(cell.sentence, MAX_SENTENCE_LENGTH);
  const href = `#${anchorOf(cell.stream, cell.kmod, cell.release)}`;
  return `<a class="pill ${cell.state}" href="${href}" title="${title}"><span aria-hidden="true">${glyph}</span>${word}</a>`;
}

function writeDetails({ kmod, cells }: MatrixRow): string {
  const known = cells
    .filter((cell) => cell !== undefined)
    .filter(({ state }) => state !== 'unknown');
  if (known.length === 0) return '';
  const states = known.map(({ state }) => state);
  const isOpen = states.some((state) => ['failed', 'blocked', 'withheld'].includes(state));
  const counts = describeCounts(countStates(states));
  // The newest is what people look for, so it comes first here.
  const entries = known.toReversed().map(writeReason).join('\n');
  return `<details${isOpen ? ' open' : ''}${writeMarks(kmod, states)}><summary><b>${escapeHtml(kmod, MAX_NAME_LENGTH)}</b><span class="soft small">${counts}</span></summary>
<dl>${entries}</dl></details>`;
}

function writeReason(cell: CellStatus): string {
  const page = link(cellPagePath(cell), 'Details');
  const links = [page, link(cell.links.log, 'Log'), link(cell.links.temporal, 'Temporal')].join('');
  const updated =
    cell.updatedAt === undefined
      ? ''
      : `<span class="soft">${escapeHtml(formatMoment(cell.updatedAt))}</span>`;
  const foot = links === '' && updated === '' ? '' : `<div class="small">${links}${updated}</div>`;
  return `<div class="cell" id="${anchorOf(cell.stream, cell.kmod, cell.release)}">
<dt><span class="mono">${escapeHtml(cell.release, MAX_NAME_LENGTH)}</span><br>${pill(cell.state)}</dt>
<dd>${withCode(escapeHtml(cell.sentence, MAX_SENTENCE_LENGTH))}${foot}</dd></div>`;
}
