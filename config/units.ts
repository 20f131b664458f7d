import { z } from 'zod';

const MS_PER_UNIT = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

const BYTES_PER_UNIT = new Map([
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

const DURATION = /^(?<count>[1-9][0-9]{0,8})(?<unit>ms|s|m|h|d)$/;
const SIZE = /^(?<count>[1-9][0-9]{0,8})(?<unit>KiB|MiB|GiB|TiB)$/;

const DURATION_EXPECTED = 'a duration such as "30s", "10m" or "2h"';
const SIZE_EXPECTED = 'a size such as "512MiB" or "2GiB"';

/** A duration as people write it: a whole number with `ms`, `s`, `m`, `h` or `d`. */
export const Duration = z.string({ error: DURATION_EXPECTED }).regex(DURATION, DURATION_EXPECTED);

/** A {@link Duration}, or 0 for none. */
export const DurationOrNone = z.union([z.literal(0), Duration], {
  error: `${DURATION_EXPECTED}, or 0 for none`,
});

/** A size as people write it: a whole number with `KiB`, `MiB`, `GiB` or `TiB`. */
export const Size = z.string({ error: SIZE_EXPECTED }).regex(SIZE, SIZE_EXPECTED);

/** Milliseconds of a checked {@link Duration}, e.g. 600,000 for `10m`. */
export function parseDurationMs(text: string): number {
  return multiply(text, DURATION, MS_PER_UNIT);
}

/** Bytes of a checked {@link Size}, e.g. 2,147,483,648 for `2GiB`. */
export function parseSizeBytes(text: string): number {
  return multiply(text, SIZE, BYTES_PER_UNIT);
}

function multiply(text: string, pattern: RegExp, units: ReadonlyMap<string, number>): number {
  const groups = pattern.exec(text)?.groups;
  const factor = units.get(groups?.unit ?? '');
  if (groups?.count === undefined || factor === undefined) {
    throw new Error(`BUG: "${text}" was not checked against its schema`);
  }
  return Number(groups.count) * factor;
}
