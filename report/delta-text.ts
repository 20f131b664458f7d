import type { ExportChange, ExportedSymbol, KabiDelta } from '../model/kabi.ts';
import { cleanText } from './clean-text.ts';
import { formatCrc, formatNumber } from './format-values.ts';
import { paint, type Tone } from './terminal-text.ts';

/** How a kABI delta is written. */
export interface DeltaStyle {
  /** Names of the two kernels, e.g. their releases. */
  readonly before: string;
  readonly after: string;
  readonly color: boolean;
  /** List every symbol; otherwise the first 10 of each kind. */
  readonly all?: boolean;
}

const SHOWN_SYMBOLS = 10;
const MAX_SYMBOL_LENGTH = 96;

/**
 * Writes the difference of two kABIs: the counts first, then lost, CRC changed, GPL-only, namespace
 * changed, moved, no longer GPL-only, added.
 */
export function deltaToText(delta: KabiDelta, style: DeltaStyle): string {
  const sections: readonly Section[] = [
    section('lost', 'bad', delta.lost, describeExport),
    section('CRC changed', 'busy', delta.crcChanged, describeCrc),
    section('now GPL only', 'bad', delta.gplTightened, describeProvider),
    section('namespace changed', 'busy', delta.namespaceChanged, describeNamespace),
    section('moved to another module', 'busy', delta.moved, describeMove),
    section('no longer GPL only', 'good', delta.gplRelaxed, describeProvider),
    section('added', 'good', delta.added, describeExport),
  ];
  const title = `${cleanText(style.before)} → ${cleanText(style.after)}`;
  const counts = sections.map(({ title: what, lines }) => `${formatNumber(lines.length)} ${what}`);
  const isSame = sections.every(({ lines }) => lines.length === 0);
  return [
    paint(title, 'strong', style.color),
    isSame ? 'The same kABI: no module needs a rebuild' : counts.join(', '),
    ...sections.flatMap((one) => writeSection(one, style)),
    '',
  ].join('\n');
}

interface Section {
  readonly title: string;
  readonly tone: Tone;
  readonly lines: readonly (() => string)[];
}

function section<Change extends { readonly symbol: string }>(
  title: string,
  tone: Tone,
  changes: readonly Change[],
  describe: (change: Change) => string,
): Section {
  // Written only when shown: a delta of 18,000 symbols shows sixty.
  const lines = changes.map((change) => () => `  ${clean(change.symbol)}  ${describe(change)}`);
  return { title, tone, lines };
}

function writeSection({ title, tone, lines }: Section, style: DeltaStyle): readonly string[] {
  if (lines.length === 0) return [];
  const shown = style.all === true ? lines : lines.slice(0, SHOWN_SYMBOLS);
  const hidden = lines.length - shown.length;
  return [
    '',
    paint(`${title} (${formatNumber(lines.length)})`, tone, style.color),
    ...shown.map((write) => write()),
    ...(hidden > 0 ? [`  … and ${formatNumber(hidden)} more (--all lists them)`] : []),
  ];
}

function clean(text: string): string {
  return cleanText(text, MAX_SYMBOL_LENGTH);
}

function describeExport({ crc, module, exportType, namespace }: ExportedSymbol): string {
  const inside = namespace === '' ? '' : `, namespace ${clean(namespace)}`;
  return `${formatCrc(crc)} ${clean(module)} ${exportType}${inside}`;
}

function describeCrc({ before, after }: ExportChange): string {
  return `${formatCrc(before.crc)} → ${formatCrc(after.crc)} ${clean(after.module)}`;
}

function describeProvider({ after }: ExportChange): string {
  return clean(after.module);
}

function describeNamespace({ before, after }: ExportChange): string {
  return `${clean(before.namespace) || 'none'} → ${clean(after.namespace) || 'none'}`;
}

function describeMove({ before, after }: ExportChange): string {
  return `${clean(before.module)} → ${clean(after.module)}`;
}
