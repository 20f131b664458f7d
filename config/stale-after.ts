import { parseDurationMs } from './units.ts';

/** One poll may be missed or fail and be nothing; an hour is what a short outage takes. */
const POLLS = 4;
const LEAST_MS = 60 * 60_000;

/** Resolves `staleAfter:`. @param said What the file says, if it does. */
export function resolveStaleAfter(pollIntervalMs: number, said: string | undefined): number {
  return said === undefined ? Math.max(POLLS * pollIntervalMs, LEAST_MS) : parseDurationMs(said);
}
