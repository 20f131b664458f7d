import { closest, distance } from 'fastest-levenshtein';
import { quote } from './quote.ts';

/** Every section of the configuration, and no more than two lines. */
const MOST_LISTED = 16;

/** Longer text is no slip of the pen, and measuring it would take its time. */
const MAX_COMPARED_LENGTH = 64;

/**
 * Finds what was probably meant, e.g. `kmods` for `kmod`; `undefined` when nothing is near.
 *
 * Near is a third of the longer word, at least one letter; upper and lower case are the same.
 */
export function findSimilar(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word.length > MAX_COMPARED_LENGTH) return undefined;
  const lower = word.toLowerCase();
  const byLower = new Map(known.map((candidate) => [candidate.toLowerCase(), candidate]));
  const best = closest(lower, [...byLower.keys()]);
  const limit = Math.max(1, Math.floor(Math.max(lower.length, best.length) / 3));
  return distance(lower, best) <= limit ? byLower.get(best) : undefined;
}

/** The second half of a message about an unknown word, e.g. `did you mean "kmods"?`. */
export function suggest(word: string, known: readonly string[]): string {
  const similar = findSimilar(word, known);
  if (similar !== undefined) return `did you mean ${quote(similar)}?`;
  if (known.length === 0) return 'expected none here';
  const listed = [...known].sort().slice(0, MOST_LISTED).map(quote).join(', ');
  return `expected ${known.length === 1 ? '' : 'one of '}${listed}${known.length > MOST_LISTED ? ', …' : ''}`;
}
