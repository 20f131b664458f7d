import assert from 'node:assert/strict';
import test from 'node:test';
import type { DkmsConditions } from '../../rpm/dkms/dkms-conf.ts';
import { findExclusion } from '../../rpm/dkms/find-exclusion.ts';

const EL9 = { release: '5.14.0-611.el9.x86_64', arch: 'x86_64' };
const OPTIONS = new Set(['CONFIG_PCI', 'CONFIG_PREEMPT_RT']);

const CASES: readonly [
  why: string,
  conditions: Partial<DkmsConditions>,
  expected: string | undefined,
][] = [
  ['no condition', {}, undefined],
  ['an expression that matches', { kernel: '^5\\.' }, undefined],
  ['an expression that does not', { kernel: '^6\\.' }, 'BUILD_EXCLUSIVE_KERNEL="^6\\."'],
  ['an expression for the build alone', { kernel: '\\bx' }, undefined],
  ['an architecture that matches', { arch: 'x86_64|aarch64' }, undefined],
  ['another architecture', { arch: '^do_not_build$' }, 'BUILD_EXCLUSIVE_ARCH="^do_not_build$"'],
  ['an older limit below', { minKernel: '5.4' }, undefined],
  ['the very limit', { minKernel: '5.14.0-611.el9.x86_64' }, undefined],
  ['a limit with more digits', { minKernel: '5.100' }, 'BUILD_EXCLUSIVE_KERNEL_MIN="5.100"'],
  ['a newer limit above', { maxKernel: '5.15' }, undefined],
  ['an older limit above', { maxKernel: '5.13.99' }, 'BUILD_EXCLUSIVE_KERNEL_MAX="5.13.99"'],
  // DKMS compares texts, and the longer one is greater.
  ['the beginning as limit above', { maxKernel: '5.14' }, 'BUILD_EXCLUSIVE_KERNEL_MAX="5.14"'],
  ['an option that is on', { config: ['CONFIG_PCI'] }, undefined],
  [
    'an option that is off',
    { config: ['CONFIG_PCI', 'CONFIG_X'] },
    'BUILD_EXCLUSIVE_CONFIG="CONFIG_X"',
  ],
  ['an option that must be off', { config: ['!CONFIG_X'] }, undefined],
  [
    'one that must be off and is on',
    { config: ['!CONFIG_PREEMPT_RT'] },
    'BUILD_EXCLUSIVE_CONFIG="!CONFIG_PREEMPT_RT"',
  ],
  ['a newer kernel that has it', { obsoleteBy: '5.15' }, undefined],
  ['this kernel that has it', { obsoleteBy: '5.14.0' }, 'OBSOLETE_BY="5.14.0"'],
  ['an older kernel that has it', { obsoleteBy: '5.6' }, 'OBSOLETE_BY="5.6"'],
  ['a later build that has it', { obsoleteBy: '5.14.0-700' }, undefined],
  ['an earlier build that has it', { obsoleteBy: '5.14.0-600' }, 'OBSOLETE_BY="5.14.0-600"'],
];
for (const [why, conditions, expected] of CASES) {
  test(`findExclusion() judges ${why}`, () => {
    const kernel = { ...EL9, options: OPTIONS };

    assert.equal(findExclusion({ config: [], ...conditions }, kernel), expected);
  });
}

test('findExclusion() leaves options to the build where the kernel does not tell its own', () => {
  assert.equal(findExclusion({ config: ['CONFIG_X', '!CONFIG_PCI'] }, EL9), undefined);
});
