import type { ClockReading, ClockRecord } from '../model/clock.ts';

/** NTP steps a clock by less; nothing here is decided by minutes. */
const TOLERANCE_MS = 5 * 60_000;
/** A machine may have been off for a while; longer than that, and its clock must prove itself first. */
const LONGEST_OFF_MS = 3 * 24 * 60 * 60_000;
/** Readings in a row that make a new time the time. */
const ENOUGH = 2;

/** What time it is, and by how much the machine's clock is at odds with that. */
export interface BelievedTime {
  readonly nowMs: number;
  /** Positive: the clock went forward. Zero while it is believed. */
  readonly jumpMs: number;
}

/**
 * Tells the time by the last clock that was believed and by how long the machine runs since. A clock that
 * jumped, by a flat battery or by a hand, makes nothing older than it is.
 *
 * @param record Undefined before the first: the clock is believed then.
 */
export function believeClock(record: ClockRecord | undefined, reading: ClockReading): BelievedTime {
  const { wallMs } = reading;
  if (record === undefined) return { nowMs: wallMs, jumpMs: 0 };
  const { earliestMs, latestMs } = expectTime(record.believed, reading);
  if (wallMs < earliestMs - TOLERANCE_MS) {
    return { nowMs: earliestMs, jumpMs: wallMs - earliestMs };
  }
  if (wallMs > latestMs + TOLERANCE_MS) return { nowMs: earliestMs, jumpMs: wallMs - latestMs };
  return { nowMs: wallMs, jumpMs: 0 };
}

/**
 * What is to be remembered after a look at the clocks. A time that is doubted is believed when the look
 * after it finds that it went on as it should.
 */
export function noteClock(record: ClockRecord | undefined, reading: ClockReading): ClockRecord {
  if (record === undefined || believeClock(record, reading).jumpMs === 0) {
    return { believed: reading };
  }
  const { doubted } = record;
  const goesOn =
    doubted !== undefined && believeClock({ believed: doubted.reading }, reading).jumpMs === 0;
  const count = goesOn ? doubted.count + 1 : 1;
  return count > ENOUGH
    ? { believed: reading }
    : { believed: record.believed, doubted: { reading, count } };
}

/** How long the machine surely ran from one reading to the next; zero across a boot. */
export function measureElapsedMs(before: ClockReading | undefined, now: ClockReading): number {
  if (before === undefined || before.bootId !== now.bootId) return 0;
  return Math.max(0, now.uptimeMs - before.uptimeMs);
}

function expectTime(
  believed: ClockReading,
  reading: ClockReading,
): { readonly earliestMs: number; readonly latestMs: number } {
  if (believed.bootId === reading.bootId) {
    const nowMs = believed.wallMs + measureElapsedMs(believed, reading);
    return { earliestMs: nowMs, latestMs: nowMs };
  }
  const earliestMs = believed.wallMs + reading.uptimeMs;
  return { earliestMs, latestMs: earliestMs + LONGEST_OFF_MS };
}
