import assert from 'node:assert/strict';
import test from 'node:test';
import { findExpiredSnapshots } from '../../plan/expired-snapshots.ts';

const DAY_MS = 24 * 60 * 60_000;
const NOW = '2026-11-23T12:00:00.000Z';
const SNAPSHOTS = [
  '2026-11-01T10:00:00.000Z',
  '2026-11-20T08:00:00.000Z',
  '2026-11-20T23:59:59.000Z',
  '2026-11-21T00:00:00.000Z',
  '2026-11-22T10:00:00.000Z',
  '2026-11-22T11:00:00.000Z',
].map((writtenAt, index) => ({ snapshot: `00000${index + 1}`, writtenAt }));

function find(snapshotCount: number, historyDays: number, current = '000006'): readonly string[] {
  const keep = { snapshotCount, historyMs: historyDays * DAY_MS };
  return findExpiredSnapshots(SNAPSHOTS, { current, keep, now: NOW });
}

test('findExpiredSnapshots() keeps the newest ones', () => {
  assert.deepEqual(find(6, 1), []);
  assert.deepEqual(find(2, 1), ['000001', '000002', '000003', '000004']);
});

test('findExpiredSnapshots() keeps the last one of each day of the history', () => {
  assert.deepEqual(find(1, 14), ['000001', '000002', '000005']);
  assert.deepEqual(find(1, 30), ['000002', '000005']);
});

test('findExpiredSnapshots() keeps the served one, however old', () => {
  assert.deepEqual(find(1, 1, '000001'), ['000002', '000003', '000004', '000005']);
});
