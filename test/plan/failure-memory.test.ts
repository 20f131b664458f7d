import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import type { FailureMemory } from '../../model/failure-memory.ts';
import {
  isRemembered,
  memoryOf,
  type PresentFacts,
  updateMemory,
  whenTriedAgain,
} from '../../plan/failure-memory.ts';
import { FAILURES } from '../support/data-rig.ts';

const AT = '2026-11-23T06:00:00.000Z';
const LATER = '2026-11-23T08:00:00.000Z';

const FAILED = {
  kind: 'failed',
  step: 'build',
  reason: 'x.c:1: error: no',
  durationMs: 1,
} as const;
const MADE = { sourceDigest: 's', inputDigest: 'i', toolchain: 't' };
const MEMORY: FailureMemory = {
  ...{ kind: 'outcome', step: 'build', reason: FAILED.reason, count: 1, since: AT, failedAt: AT },
  ...MADE,
};
const NOW: PresentFacts = { now: LATER, settings: FAILURES, ...MADE };

test('updateMemory() remembers a failure with its cause and what it was made of', () => {
  assert.deepEqual(updateMemory(undefined, { outcome: FAILED, ...MADE }, AT), MEMORY);
});

test('updateMemory() counts failures of the same source', () => {
  const second = updateMemory(MEMORY, { outcome: FAILED, ...MADE }, LATER);
  const other = updateMemory(second, { outcome: FAILED, ...MADE, sourceDigest: 'new' }, LATER);

  assert.deepEqual([second?.count, second?.since, second?.failedAt], [2, AT, LATER]);
  assert.deepEqual([other?.count, other?.since], [1, LATER]);
});

test('updateMemory() begins anew where trouble of the machine follows a fault of the kmod', () => {
  const outcome = { ...FAILED, trouble: 'engine' } as const;

  const trouble = updateMemory(MEMORY, { outcome, ...MADE }, LATER);
  const other = updateMemory(
    trouble,
    { outcome: { ...FAILED, trouble: 'mirror' }, ...MADE },
    LATER,
  );

  assert.deepEqual([trouble?.kind, trouble?.count], ['engine', 1]);
  assert.deepEqual([other?.kind, other?.count], ['mirror', 2]);
});

for (const outcome of [{ kind: 'kept' }, { kind: 'excluded' }] as const) {
  test(`updateMemory() forgets failures of a cell that is ${outcome.kind}`, () => {
    assert.equal(updateMemory(MEMORY, { outcome }, LATER), undefined);
  });
}

for (const outcome of [{ kind: 'cancelled' }, { kind: 'blocked', by: 'x' }] as const) {
  test(`updateMemory() keeps failures of a cell that is ${outcome.kind}`, () => {
    assert.equal(updateMemory(MEMORY, { outcome }, LATER), MEMORY);
  });
}

const OLD_RECORDS: readonly (readonly [string, CellOutcome, string | undefined])[] = [
  ['a build that ended by itself', { ...FAILED, why: 'exit', exitCode: 2 }, 'outcome'],
  ['packages that were refused', { ...FAILED, step: 'verify' }, 'outcome'],
  ['a buildroot that could not be made', { ...FAILED, step: 'prepare' }, 'machine'],
  ['a build of which nobody knows why', FAILED, 'machine'],
  ['a success', { kind: 'kept' }, undefined],
];

for (const [title, outcome, kind] of OLD_RECORDS) {
  test(`memoryOf() takes the record of an earlier version of ${title} for ${kind ?? 'none'}`, () => {
    assert.equal(memoryOf({ outcome, updatedAt: AT })?.kind, kind);
  });
}

test('whenTriedAgain() is a week later for a fault of the kmod, and never where none is remembered', () => {
  assert.equal(whenTriedAgain(MEMORY, FAILURES), '2026-11-30T06:00:00.000Z');
  assert.equal(whenTriedAgain(MEMORY, { ...FAILURES, rememberMs: 0 }), undefined);
});

test('whenTriedAgain() has pauses after passing trouble grow up to the longest', () => {
  const minutes = [1, 2, 3, 4, 5, 60].map((count) => {
    const again = whenTriedAgain({ ...MEMORY, kind: 'engine', count }, FAILURES);
    return (Date.parse(again ?? '') - Date.parse(AT)) / 60_000;
  });

  assert.deepEqual(minutes, [5, 10, 20, 40, 60, 60]);
});

const CASES: readonly (readonly [string, Partial<PresentFacts>, boolean])[] = [
  ['while everything is the same', {}, true],
  ['while the toolchain cannot be told', { toolchain: undefined }, true],
  ['not with another source', { sourceDigest: 'new' }, false],
  ['not with another builder or kernel', { inputDigest: 'new' }, false],
  ['not with another toolchain', { toolchain: 'new' }, false],
  ['not after it expired', { now: '2026-11-30T06:00:00.000Z' }, false],
  ['not where nothing is remembered', { settings: { ...FAILURES, rememberMs: 0 } }, false],
];

for (const [title, change, expected] of CASES) {
  test(`isRemembered() holds a failure ${title}`, () => {
    assert.equal(isRemembered(MEMORY, { ...NOW, ...change }), expected);
  });
}

test('isRemembered() never holds passing trouble against a cell', () => {
  assert.equal(isRemembered({ ...MEMORY, kind: 'engine' }, NOW), false);
});
