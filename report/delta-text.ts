import type { MarkedDelta } from '../model/marked-delta.ts';
import type { Verdict } from '../model/verdict.ts';
import { cleanText } from './clean-text.ts';
import { type DeltaSection, describeSections, listSections } from './delta-sections.ts';
import { formatNumber } from './format-values.ts';
import { changedWords, lostWords, refusedWords } from './symbol-words.ts';
import { paint } from './terminal-text.ts';

/** How a kABI delta is written. */
export interface DeltaStyle {
  /** Names of the two kernels, e.g. their releases. */
  readonly before: string;
  readonly after: string;
  readonly color: boolean;
  /** List every symbol; otherwise the first 10 of each kind. */
  readonly all?: boolean;
  /** The kmod that it is about, and what follows for it. */
  readonly kmod?: { readonly name: string; readonly verdict: Verdict };
}

const SHOWN_SYMBOLS = 10;

/**
 * Writes the difference of two kABIs: the counts first, then lost, CRC changed, GPL-only, namespace
 * changed, moved, no longer GPL-only, added; at last what follows for a kmod, if it is about one.
 */
export function deltaToText(delta: MarkedDelta, style: DeltaStyle): string {
  const sections = listSections(delta);
  return [
    paint(titleOf(style), 'strong', style.color),
    isSame(sections) ? sameWords(style) : describeSections(sections),
    ...sections.flatMap((one) => writeSection(one, style)),
    ...(style.kmod === undefined ? [] : ['', concludeFor(style.kmod, style)]),
    '',
  ].join('\n');
}

/** The two kernels, and the kmod that it is about. */
export function titleOf({ before, after, kmod }: DeltaStyle): string {
  const about = kmod === undefined ? '' : `, as far as ${cleanText(kmod.name, 64)} uses it`;
  return `${cleanText(before)} → ${cleanText(after)}${about}`;
}

/** Whether nothing changed. */
export function isSame(sections: readonly DeltaSection[]): boolean {
  return sections.every(({ count }) => count === 0);
}

/** What it means that nothing changed. */
export function sameWords({ kmod }: DeltaStyle): string {
  return kmod === undefined
    ? 'The same kABI: no module needs a rebuild'
    : 'Nothing that it uses has changed';
}

/** Says what follows for a kmod, e.g. `jool, as compiled for A, must be compiled anew for B: …`. */
export function concludeFor(
  { name, verdict }: NonNullable<DeltaStyle['kmod']>,
  { before, after }: Pick<DeltaStyle, 'before' | 'after'>,
): string {
  const kmod = cleanText(name, 64);
  const subject = `${kmod}, compiled for ${cleanText(before)},`;
  const kernel = cleanText(after);
  if (verdict.kind === 'broken') {
    const { why, problems } = verdict;
    const reason = why === 'symbols-lost' ? lostWords(problems) : refusedWords(problems, kmod);
    return `${kmod} is expected not to compile for ${kernel}: ${reason}; a newer ${kmod} source is needed`;
  }
  if (verdict.kind === 'rebuild' && 'problems' in verdict) {
    const reason = changedWords(verdict.problems, 'have changed');
    return `${subject} must be compiled anew for ${kernel}: ${reason}`;
  }
  return `${subject} goes on working on ${kernel} as it is`;
}

function writeSection({ title, tone, rows }: DeltaSection, style: DeltaStyle): readonly string[] {
  if (rows.length === 0) return [];
  const shown = style.all === true ? rows : rows.slice(0, SHOWN_SYMBOLS);
  const hidden = rows.length - shown.length;
  return [
    '',
    paint(`${title} (${formatNumber(rows.length)})`, tone, style.color),
    ...shown.map((write) => {
      const { symbol, change, notes } = write();
      return `  ${symbol}  ${[change, ...notes].join('; ')}`;
    }),
    ...(hidden > 0 ? [`  … and ${formatNumber(hidden)} more (--all lists them)`] : []),
  ];
}
