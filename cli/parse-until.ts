import { InvalidArgumentError } from 'commander';
import { Duration, parseDurationMs } from '../config/units.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/;

/**
 * Reads an end that a person gives: a duration from now (`14d`, `36h`), a day, which is meant to its end in UTC
 * (`2026-12-24`), or a moment with its zone (`2026-12-24T18:00Z`).
 *
 * @returns ISO 8601 in UTC.
 * @throws {InvalidArgumentError} If it is none of these.
 */
export function parseUntil(text: string, now: Date = new Date()): string {
  if (Duration.safeParse(text).success) {
    return new Date(now.getTime() + parseDurationMs(text)).toISOString();
  }
  const moment = DAY.test(text) ? `${text}T23:59:59.999Z` : text;
  const date = MOMENT.test(moment) ? new Date(moment) : undefined;
  if (date !== undefined && !Number.isNaN(date.getTime())) return date.toISOString();
  throw new InvalidArgumentError(
    `Expected a duration such as "14d", a day such as "2026-12-24" or a moment such as "2026-12-24T18:00Z".`,
  );
}
