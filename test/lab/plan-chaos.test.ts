import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULT_KINDS, planChaos } from '../../lab/chaos/plan-chaos.ts';

const OPTIONS = { kinds: FAULT_KINDS, faultCount: 20, kernelCount: 3, changeCount: 2 };

test('planChaos() gives the same plan for the same seed, and another one for another', () => {
  const plan = planChaos({ ...OPTIONS, seed: 7 });

  assert.deepEqual(planChaos({ ...OPTIONS, seed: 7 }), plan);
  assert.notDeepEqual(planChaos({ ...OPTIONS, seed: 8 }), plan);
});

for (const seed of [1, 2, 3, 4]) {
  test(`planChaos() has every kind, kernels and versions in their order, with seed ${seed}`, () => {
    const plan = planChaos({ ...OPTIONS, seed });

    const kinds = plan.flatMap((step) => (step.kind === 'fault' ? [step.fault.kind] : []));
    const kernels = plan.flatMap((step) => (step.kind === 'release' ? [step.kernel] : []));
    const versions = plan.flatMap((step) => (step.kind === 'change' ? [step.version] : []));
    assert.equal(kinds.length, OPTIONS.faultCount);
    assert.deepEqual([...new Set(kinds)].sort(), [...FAULT_KINDS].sort());
    assert.deepEqual(kernels, [1, 2, 3]);
    assert.deepEqual(versions, ['1.1', '1.2']);
  });
}
