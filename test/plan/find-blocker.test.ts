import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import { findBlocker } from '../../plan/find-blocker.ts';
import { unbuiltOutcome } from '../../plan/unbuilt-outcome.ts';

const LATER = { why: 'over-budget', budgetMs: 1000 } as const;
const FAILED: CellOutcome = { kind: 'failed', step: 'build', reason: 'no', durationMs: 1 };

for (const [outcome, isBlocking] of [
  [FAILED, true],
  [{ kind: 'blocked', by: 'zfs' }, true],
  [{ kind: 'cancelled' }, true],
  [{ kind: 'deferred', deferral: LATER }, true],
  [{ kind: 'kept' }, false],
  [{ kind: 'excluded' }, false],
  [undefined, false],
] as const) {
  test(`findBlocker() ${isBlocking ? 'blocks' : 'goes on'} when a needed kmod is ${outcome?.kind ?? 'not done'}`, () => {
    const ended = new Map<string, CellOutcome>([['other', FAILED]]);
    if (outcome) ended.set('dahdi', outcome);

    const blocker = findBlocker({ needs: ['spl', 'dahdi'] }, ended);

    assert.equal(blocker, isBlocking ? 'dahdi' : undefined);
  });
}

test('unbuiltOutcome() ends what needs no build, and nothing else', () => {
  const kinds = [
    unbuiltOutcome({ verdict: { kind: 'keep', why: 'built-for-this-kernel' } }),
    unbuiltOutcome({ verdict: { kind: 'excluded', why: 'kernel-too-old', limit: '6.1' } }),
    unbuiltOutcome({ verdict: { kind: 'blocked', by: 'dahdi' } }),
    unbuiltOutcome({ verdict: { kind: 'rebuild', why: 'forced' } }),
    unbuiltOutcome({
      verdict: {
        kind: 'broken',
        why: 'symbols-lost',
        donor: '6.1',
        problems: { lostCount: 1, refusedCount: 0, crcCount: 0, shown: [] },
      },
    }),
    unbuiltOutcome({ verdict: { kind: 'rebuild', why: 'forced' }, deferral: LATER }),
  ];

  assert.deepEqual(kinds, [
    { kind: 'kept' },
    { kind: 'excluded' },
    { kind: 'blocked', by: 'dahdi' },
    undefined,
    undefined,
    { kind: 'deferred', deferral: LATER },
  ]);
});
