import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeRange } from '../../plan/kernel-range.ts';
import { kmodOf } from '../support/plan-facts.ts';

const TOO_OLD = 'kernel-too-old';
const TOO_NEW = 'kernel-too-new';

// [kernel, limits, verdict]
const CASES: readonly [
  evr: string,
  limits: { readonly minKernel?: string; readonly maxKernel?: string },
  why: string | undefined,
][] = [
  ['5.14.0-611.el9', {}, undefined],
  ['5.14.0-611.el9', { minKernel: '5.14.0' }, undefined],
  ['5.14.0-611.el9', { minKernel: '5.14.0-611' }, undefined],
  ['5.14.0-611.el9', { minKernel: '5.14.0-611.el9' }, undefined],
  ['5.14.0-611.el9', { minKernel: '5.14.0-612' }, TOO_OLD],
  ['5.14.0-611.el9', { minKernel: '5.15' }, TOO_OLD],
  ['5.14.0-70.13.1.el9_0', { minKernel: '5.14.0-162' }, TOO_OLD],
  ['5.9.0-1', { minKernel: '5.14' }, TOO_OLD],
  ['5.14.0-611.el9', { maxKernel: '5.14' }, undefined],
  ['5.14.0-611.el9', { maxKernel: '5.14.0' }, undefined],
  ['5.14.0-611.el9', { maxKernel: '5.14.0-611' }, undefined],
  ['5.14.0-611.5.1.el9_7', { maxKernel: '5.14.0-611' }, undefined],
  ['5.14.0-6110.el9', { maxKernel: '5.14.0-611' }, TOO_NEW],
  ['5.14.0-612.el9', { maxKernel: '5.14.0-611' }, TOO_NEW],
  ['5.140.0-1.el9', { maxKernel: '5.14' }, TOO_NEW],
  ['6.1.0-54', { maxKernel: '6.1' }, undefined],
  ['6.10.0-1', { maxKernel: '6.1' }, TOO_NEW],
  ['6.12.0-55.el10', { minKernel: '5.14', maxKernel: '6.1' }, TOO_NEW],
  ['6.1.0~rc1-1', { minKernel: '6.1.0' }, TOO_OLD],
  ['6.2.0~rc1-1', { maxKernel: '6.1' }, TOO_NEW],
];

for (const [evr, limits, why] of CASES) {
  test(`judgeRange() finds ${evr} ${why ?? 'in range'} of ${JSON.stringify(limits)}`, () => {
    const [version = '', release = ''] = evr.split('-');

    const verdict = judgeRange(kmodOf('jool', limits), { epoch: 0, version, release });

    assert.equal(verdict?.why, why);
    const limit = why === TOO_OLD ? limits.minKernel : limits.maxKernel;
    if (verdict) assert.deepEqual(verdict, { kind: 'excluded', why, limit });
  });
}
