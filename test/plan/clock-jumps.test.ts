import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInGrace } from '../../activities/snapshot/lingering.ts';
import type { ClockReading } from '../../model/clock.ts';
import { believeClock } from '../../plan/believe-clock.ts';
import { findExpiredSnapshots } from '../../plan/expired-snapshots.ts';
import { planRetention } from '../../plan/plan-retention.ts';
import { listedOf } from './listed-packages.ts';

// What is decided by dates is decided by the believed time. Each decision is shown to go wrong by the clock alone.

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.parse('2026-11-23T12:00:00.000Z');
const KEEP = {
  snapshotCount: 1,
  historyMs: 14 * DAY_MS,
  buildCount: 2,
  goneMs: 30 * DAY_MS,
  graceMs: DAY_MS,
};
const before: ClockReading = { bootId: 'a', uptimeMs: 0, wallMs: START };

function ago(ms: number): string {
  return new Date(START - ms).toISOString();
}

/** What the rules remove at a time. */
function removeAt(nowMs: number): readonly string[] {
  const now = new Date(nowMs).toISOString();
  const release = '5.14.0-1';
  const packages = [listedOf({ release }, 1)];
  const kernels = [{ stream: 'lab', release, goneSince: ago(DAY_MS) }];
  const snapshots = ['000001', '000002'].map((snapshot, index) => ({
    snapshot,
    writtenAt: ago((2 - index) * DAY_MS),
  }));
  return [
    ...planRetention({ packages, kernels, cells: [], keep: KEEP, now }).keys(),
    ...findExpiredSnapshots(snapshots, { current: '000002', keep: KEEP, now }),
    ...(isInGrace(ago(HOUR_MS), { now, graceMs: KEEP.graceMs }) ? [] : ['a lingering file']),
  ];
}

for (const [what, jumpMs] of [
  ['a year ahead', 365 * DAY_MS],
  ['a day back', -DAY_MS],
] as const) {
  test(`retention removes nothing because the clock jumped ${what}`, () => {
    const wallMs = START + HOUR_MS + jumpMs;
    const reading = { ...before, uptimeMs: HOUR_MS, wallMs };

    assert.deepEqual(removeAt(believeClock({ believed: before }, reading).nowMs), []);
  });
}

test('retention by the clock alone would remove all of it a year ahead', () => {
  assert.deepEqual(removeAt(START + 365 * DAY_MS), [
    'kmod-jool-1-1.lab.5.14.0-1.b1.x86_64.rpm',
    '000001',
    'a lingering file',
  ]);
});
