import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSeed } from '../../lab/chaos/run-seed.ts';
import { requireLab } from '../support/require-lab.ts';

// A short run of what `npm run chaos` does for a quarter of an hour, see docs/chaos.md.

/** Seed 95 begins with a slow and a full disk, a power cut and kills of everything. */
const FAULT_COUNT = 6;

test('a rekmod that is killed and starved again and again heals itself and loses nothing', async (context) => {
  const { faults, violations } = await runSeed(await requireLab(), {
    ...{ seed: 95, faultCount: FAULT_COUNT, size: 'small', settleMs: 150_000, isKept: false },
    say: (line) => context.diagnostic(line),
    signal: context.signal,
  });

  assert.deepEqual(violations, []);
  assert.ok([...faults.values()].reduce((sum, count) => sum + count, 0) >= FAULT_COUNT);
});
