import type { ProblemKind, SymbolProblem } from '../model/kabi.ts';
import type { ProblemList } from '../model/verdict.ts';
import { cleanText } from './clean-text.ts';
import { formatNumber } from './format-values.ts';

/** Says how many symbols changed, in everyday words, e.g. `59 of the kernel functions it uses have changed`. */
export function changedWords(
  { crcCount }: ProblemList,
  verb: 'have changed' | 'had changed',
): string {
  if (crcCount === 1) {
    return `one of the kernel functions it uses ${verb === 'have changed' ? 'has' : 'had'} changed`;
  }
  return `${formatNumber(crcCount)} of the kernel functions it uses ${verb}`;
}

/** Says which symbols are gone, e.g. `the kernel function strlcpy, which it uses, is gone`. */
export function lostWords({ lostCount, shown }: ProblemList): string {
  const lost = shown.filter(({ kind }) => kind === 'lost');
  const [first] = lost;
  if (lostCount === 1 && first) return lostSymbolWords(first.symbol);
  return `${formatNumber(lostCount)} of the kernel functions it uses are gone${describeFirst(lost, lostCount)}`;
}

/** Says which symbols the kernel refuses to a kmod, and why if it is one. */
export function refusedWords({ refusedCount, shown }: ProblemList, kmod: string): string {
  const refused = shown.filter(({ kind }) => kind !== 'lost' && kind !== 'crc');
  const [first] = refused;
  if (refusedCount === 1 && first) return refusedSymbolWords(first.kind, first.symbol, kmod);
  return `the kernel refuses it ${formatNumber(refusedCount)} of the functions it uses${describeFirst(refused, refusedCount)}`;
}

/** One symbol that is gone. */
export function lostSymbolWords(symbol: string): string {
  return `the kernel function ${cleanText(symbol, 64)}, which it uses, is gone`;
}

/** One symbol that the kernel refuses to the kmod. */
export function refusedSymbolWords(
  kind: ProblemKind | 'added',
  symbol: string,
  kmod: string,
): string {
  const name = cleanText(symbol, 64);
  switch (kind) {
    case 'gpl-only':
      return `the kernel function ${name}, which it uses, is reserved for modules under the GPL by now`;
    case 'namespace':
      return `the kernel function ${name}, which it uses, must be asked for in a new way, which its source does not do`;
    case 'duplicate':
    case 'added':
      return `the kernel has a function ${name} of its own by now, which ${kmod} brings as well`;
    case 'crc':
      return `the kernel function ${name}, which it uses, has changed`;
    case 'lost':
      return lostSymbolWords(symbol);
  }
}

function describeFirst(problems: readonly SymbolProblem[], count: number): string {
  const names = problems.slice(0, 2).map(({ symbol }) => cleanText(symbol, 64));
  if (names.length === 0) return '';
  return ` (${names.join(', ')}${count > names.length ? ', …' : ''})`;
}
