import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellOutcome, CellRecord } from '../../model/cell.ts';
import { type DueFacts, findDue } from '../../plan/find-due.ts';
import { FAILURES } from '../support/data-rig.ts';
import { FAILED, hour, PUBLISHED, recordOf } from './failure-records.ts';

const FACTS: DueFacts = { now: hour(8), settings: FAILURES, toolchain: 'image-1' };

function dueOf(records: readonly CellRecord[], changes: Partial<DueFacts> = {}): string {
  return findDue(records, { ...FACTS, ...changes })
    .map(({ release }) => release)
    .join(' ');
}

const ENGINE: CellOutcome = { ...FAILED, trouble: 'engine' };
const OPEN: CellOutcome = {
  kind: 'deferred',
  deferral: {
    ...{ why: 'circuit-open', since: hour(1), failureCount: 3 },
    ...{ release: 'k3', reason: 'no' },
  },
};
const LATER: CellOutcome = { kind: 'deferred', deferral: { why: 'over-budget', budgetMs: 1 } };

test('findDue() tries passing trouble again when its pause is over, not before', () => {
  const records = [recordOf('k1', 7, ENGINE)];

  assert.equal(dueOf(records, { now: '2026-11-23T07:04:59.999Z' }), '');
  assert.equal(dueOf(records, { now: '2026-11-23T07:05:00.000Z' }), 'k1');
});

test('findDue() tries a fault of the kmod again when it is forgotten or the toolchain is another one', () => {
  const records = [recordOf('k1', 7, FAILED)];

  assert.equal(dueOf(records), '');
  assert.equal(dueOf(records, { toolchain: undefined }), '');
  assert.equal(dueOf(records, { toolchain: 'image-2' }), 'k1');
  assert.equal(dueOf(records, { now: hour(7 + 7 * 24) }), 'k1');
});

test('findDue() does not try a fault of the kmod at every look where nothing is remembered', () => {
  const settings = { ...FAILURES, rememberMs: 0 };

  assert.equal(dueOf([recordOf('k1', 1, FAILED)], { settings, now: hour(1000) }), '');
});

test('findDue() takes up what there was no time for', () => {
  assert.equal(dueOf([recordOf('k1', 7, LATER)]), 'k1');
});

test('findDue() takes up what an open circuit held back as soon as it is closed', () => {
  const failures = ['k1', 'k2', 'k3'].map((release, index) => recordOf(release, index, FAILED));
  const held = recordOf('k0', 4, OPEN);

  assert.equal(dueOf([...failures, held]), '');
  assert.equal(dueOf([...failures, held, recordOf('k4', 5, PUBLISHED)]), 'k0');
});

for (const outcome of [PUBLISHED, { kind: 'kept' }, { kind: 'cancelled' }] as const) {
  test(`findDue() leaves alone what is ${outcome.kind}`, () => {
    assert.equal(dueOf([recordOf('k1', 0, outcome)], { now: hour(10_000) }), '');
  });
}
