import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlannedCell, RebuildPlan } from '../../model/plan.ts';
import { outlinePlan, splitWaves } from '../../plan/outline-plan.ts';
import { cellOf, planOf } from '../workflows/cells.ts';

function planOfMany(count: number, change: (index: number) => Partial<PlannedCell>): RebuildPlan {
  const cells = Array.from({ length: count }, (_, index) =>
    cellOf(`k${`${index}`.padStart(4, '0')}`, 'many', change(index)),
  );
  return planOf('many', cells);
}

test('outlinePlan() lets a plan of a hundred cells travel as it is', () => {
  assert.equal(outlinePlan(planOfMany(100, () => ({}))), undefined);
});

test('outlinePlan() outlines few cells whose explanations are large', () => {
  const large = 'x'.repeat(300_000);
  const plan = planOfMany(2, () => ({ sourceDigest: large }));

  assert.equal(outlinePlan(plan)?.toBuild.length, 2);
});

test('outlinePlan() orders builds by wave and then the longest first, and tells what is not built', () => {
  const plan = planOfMany(103, (index) => {
    if (index >= 4) return { verdict: { kind: 'keep', why: 'built-for-this-kernel' } };
    if (index === 3) return { verdict: { kind: 'blocked', by: 'k0009' } };
    return {
      wave: index === 0 ? 1 : 0,
      expectedSeconds: 10 * index,
      needs: index === 0 ? ['k0001'] : [],
    };
  });

  const outline = outlinePlan(plan);

  assert.deepEqual(outline?.toBuild, [
    { kmod: 'k0002', wave: 0, needs: [] },
    { kmod: 'k0001', wave: 0, needs: [] },
    { kmod: 'k0000', wave: 1, needs: ['k0001'] },
  ]);
  assert.equal(outline?.unbuilt.length, 100);
  assert.deepEqual(outline?.unbuilt[0], {
    kmod: 'k0003',
    outcome: { kind: 'blocked', by: 'k0009' },
  });
});

test('outlinePlan() of five thousand kmods fits into a payload', () => {
  const outline = outlinePlan(planOfMany(5000, () => ({})));

  assert.ok(JSON.stringify(outline).length < 512 * 1024);
});

test('splitWaves() keeps the order and leaves out empty waves', () => {
  const cells = [0, 0, 3, 3].map((wave, index) => ({ kmod: `${index}`, wave, needs: [] }));

  assert.deepEqual(
    splitWaves(cells).map((wave) => wave.map(({ kmod }) => kmod).join('')),
    ['01', '23'],
  );
});
