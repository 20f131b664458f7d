import type { ExportChange, ExportedSymbol } from '../model/kabi.ts';
import type { MarkedChange, MarkedDelta, SymbolMarks } from '../model/marked-delta.ts';
import { cleanText } from './clean-text.ts';
import { describeProvider } from './describe-provider.ts';
import { formatCrc, formatNumber } from './format-values.ts';
import type { Tone } from './terminal-text.ts';

/** One kind of change with its symbols. */
export interface DeltaSection {
  readonly title: string;
  readonly tone: Tone;
  readonly count: number;
  readonly toleratedCount: number;
  /** Written only when shown: a delta of 18,000 symbols shows seventy. */
  readonly rows: readonly (() => DeltaRow)[];
}

/** A symbol in words. */
export interface DeltaRow {
  readonly symbol: string;
  /** E.g. `0x0b1c2d3e → 0x11223344 drivers/usb/core/usbcore (USB)`. */
  readonly change: string;
  /** E.g. `['on the stablelist', 'used by jool in snat()']`. */
  readonly notes: readonly string[];
}

const MAX_NAME_LENGTH = 96;

/** Divides a delta into its kinds, the gravest first: lost, CRC changed … added. */
export function listSections(delta: MarkedDelta): readonly DeltaSection[] {
  return [
    section('lost', 'bad', delta.lost, describeExport),
    section('CRC changed', 'busy', delta.crcChanged, describeCrc),
    section('now GPL only', 'bad', delta.gplTightened, describeAfter),
    section('namespace changed', 'busy', delta.namespaceChanged, describeNamespace),
    section('moved to another module', 'busy', delta.moved, describeMove),
    section('no longer GPL only', 'good', delta.gplRelaxed, describeAfter),
    section('added', 'good', delta.added, describeExport),
  ];
}

/** The counts of all kinds, e.g. `3 lost, 18,107 CRC changed (2 of them tolerated), …`. */
export function describeSections(sections: readonly DeltaSection[]): string {
  return sections
    .map(({ title, count, toleratedCount }) => {
      const tolerated =
        toleratedCount > 0 ? ` (${formatNumber(toleratedCount)} of them tolerated)` : '';
      return `${formatNumber(count)} ${title}${tolerated}`;
    })
    .join(', ');
}

function section<Change extends MarkedChange>(
  title: string,
  tone: Tone,
  changes: readonly Change[],
  describe: (change: Change) => string,
): DeltaSection {
  return {
    title,
    tone,
    count: changes.length,
    toleratedCount: changes.filter(({ isTolerated }) => isTolerated).length,
    rows: changes.map((change) => () => ({
      symbol: clean(change.symbol),
      change: describe(change),
      notes: describeMarks(change),
    })),
  };
}

function describeMarks({
  isStable,
  isTolerated,
  usedBy,
  functions = [],
}: SymbolMarks): readonly string[] {
  const places = functions.map((name) => `${cleanText(name, 64)}()`).join(', ');
  const users = usedBy?.map((module) => cleanText(module, 64)).join(', ');
  return [
    ...(isStable ? ['on the stablelist'] : []),
    ...(isTolerated ? ['tolerated by the severities'] : []),
    ...(users === undefined ? [] : [`used by ${users}${places === '' ? '' : ` in ${places}`}`]),
  ];
}

function clean(text: string): string {
  return cleanText(text, MAX_NAME_LENGTH);
}

function locate(module: string, { subsystem }: SymbolMarks): string {
  return describeProvider({ provider: module, ...(subsystem === undefined ? {} : { subsystem }) });
}

function describeExport(change: ExportedSymbol & SymbolMarks): string {
  const { crc, module, exportType, namespace } = change;
  const inside = namespace === '' ? '' : `, namespace ${clean(namespace)}`;
  return `${formatCrc(crc)} ${locate(module, change)} ${exportType}${inside}`;
}

function describeCrc(change: ExportChange & SymbolMarks): string {
  const { before, after } = change;
  return `${formatCrc(before.crc)} → ${formatCrc(after.crc)} ${locate(after.module, change)}`;
}

function describeAfter(change: ExportChange & SymbolMarks): string {
  return locate(change.after.module, change);
}

function describeNamespace({ before, after }: ExportChange): string {
  return `${clean(before.namespace) || 'none'} → ${clean(after.namespace) || 'none'}`;
}

function describeMove(change: ExportChange & SymbolMarks): string {
  return `${clean(change.before.module)} → ${locate(change.after.module, change)}`;
}
