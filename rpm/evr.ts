import type { Evr } from '../model/kernel.ts';

const SEGMENT = /[0-9]+|[A-Za-z]+|~|\^/g;
const LEADING_ZEROS = /^0+/;
const STARTS_WITH_DIGIT = /^[0-9]/;
const DIGITS_RANK = 4;

/**
 * Compares two version or two release texts as rpm does.
 *
 * Texts are cut into runs of digits and runs of letters, everything else only separates: `5.14.0-427`
 * and `5.14.0_427` are equal. Digits beat letters, longer beats shorter, `~` sorts before the end
 * and `^` after it, but before any other continuation.
 *
 * @returns Below 0 if `a` is older, 0 if rpm sees no difference, above 0 if `a` is newer.
 * @see rpm 4.18 rpmio/rpmvercmp.c, rpmvercmp()
 */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  const ones = a.match(SEGMENT) ?? [];
  const others = b.match(SEGMENT) ?? [];
  const count = Math.max(ones.length, others.length);
  for (let i = 0; i < count; i += 1) {
    const order = compareSegments(ones[i], others[i]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Compares by epoch, then version, then release; signs as {@link compareVersions}. */
export function compareEvr(a: Evr, b: Evr): number {
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return compareVersions(a.version, b.version) || compareVersions(a.release, b.release);
}

/** Writes an EVR as rpm does: `5.14.0-611.el9`, `1:4.18.0-80.el8` (an epoch of 0 is left out). */
export function formatEvr(evr: Evr): string {
  const epoch = evr.epoch === 0 ? '' : `${evr.epoch}:`;
  return `${epoch}${evr.version}-${evr.release}`;
}

function compareSegments(a: string | undefined, b: string | undefined): number {
  const rank = rankSegment(a);
  if (rank !== rankSegment(b)) return rank - rankSegment(b);
  if (a === undefined || b === undefined || a === b) return 0;
  const isNumber = rank === DIGITS_RANK;
  const one = isNumber ? a.replace(LEADING_ZEROS, '') : a;
  const other = isNumber ? b.replace(LEADING_ZEROS, '') : b;
  if (isNumber && one.length !== other.length) return one.length - other.length;
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Orders segments of different kinds: `~`, the end, `^`, letters, digits. */
function rankSegment(segment: string | undefined): number {
  if (segment === undefined) return 1;
  if (segment === '~') return 0;
  if (segment === '^') return 2;
  return STARTS_WITH_DIGIT.test(segment) ? DIGITS_RANK : 3;
}
