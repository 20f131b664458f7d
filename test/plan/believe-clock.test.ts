import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClockReading } from '../../model/clock.ts';
import { believeClock, measureElapsedMs, noteClock } from '../../plan/believe-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse('2026-11-23T12:00:00.000Z');
const BELIEVED: ClockReading = { bootId: 'a', uptimeMs: 10 * HOUR_MS, wallMs: START };

/** A reading some time later; the clock is wrong by so much. */
function later(ms: number, wrongMs = 0): ClockReading {
  return { bootId: 'a', uptimeMs: BELIEVED.uptimeMs + ms, wallMs: START + ms + wrongMs };
}

test('believeClock() believes the first clock, and one that goes on as the machine does', () => {
  assert.deepEqual(believeClock(undefined, BELIEVED), { nowMs: START, jumpMs: 0 });
  for (const wrongMs of [0, 1000, -60_000]) {
    const reading = later(HOUR_MS, wrongMs);
    assert.deepEqual(believeClock({ believed: BELIEVED }, reading), {
      nowMs: reading.wallMs,
      jumpMs: 0,
    });
  }
});

test('believeClock() goes on with the old time when the clock jumps a year ahead or a day back', () => {
  for (const jumpMs of [365 * DAY_MS, -DAY_MS]) {
    const found = believeClock({ believed: BELIEVED }, later(HOUR_MS, jumpMs));

    assert.deepEqual(found, { nowMs: START + HOUR_MS, jumpMs });
  }
});

test('believeClock() grants a machine that was off some days, and no year', () => {
  const boot = (wallMs: number): ClockReading => ({ bootId: 'b', uptimeMs: 60_000, wallMs });

  assert.equal(believeClock({ believed: BELIEVED }, boot(START + 2 * DAY_MS)).jumpMs, 0);
  const ahead = believeClock({ believed: BELIEVED }, boot(START + 365 * DAY_MS));
  assert.equal(ahead.nowMs, START + 60_000);
  assert.ok(ahead.jumpMs > 300 * DAY_MS);
  const back = believeClock({ believed: BELIEVED }, boot(0));
  assert.equal(back.nowMs, START + 60_000);
  assert.ok(back.jumpMs < 0);
});

test('noteClock() believes a new time when two looks after the jump agree with it', () => {
  const jump = 365 * DAY_MS;
  const first = noteClock({ believed: BELIEVED }, later(HOUR_MS, jump));
  const second = noteClock(first, later(2 * HOUR_MS, jump));
  const third = noteClock(second, later(3 * HOUR_MS, jump));

  assert.deepEqual([first.believed, second.believed], [BELIEVED, BELIEVED]);
  assert.deepEqual([first.doubted?.count, second.doubted?.count], [1, 2]);
  assert.deepEqual(third, { believed: later(3 * HOUR_MS, jump) });
});

test('noteClock() begins to count anew when the clock jumps again, and forgets a jump that was undone', () => {
  const first = noteClock({ believed: BELIEVED }, later(HOUR_MS, DAY_MS));
  const again = noteClock(first, later(2 * HOUR_MS, 9 * DAY_MS));

  assert.equal(again.doubted?.count, 1);
  assert.deepEqual(noteClock(again, later(3 * HOUR_MS)), { believed: later(3 * HOUR_MS) });
});

test('measureElapsedMs() counts what the machine ran, whatever its clock says', () => {
  assert.equal(measureElapsedMs(BELIEVED, later(HOUR_MS, -DAY_MS)), HOUR_MS);
  assert.equal(measureElapsedMs(undefined, BELIEVED), 0);
  assert.equal(measureElapsedMs(BELIEVED, { ...later(HOUR_MS), bootId: 'b' }), 0);
});
