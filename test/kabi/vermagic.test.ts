import assert from 'node:assert/strict';
import test from 'node:test';
import { hasVermagicFlags, readVermagicFlags } from '../../kabi/vermagic.ts';

const DEBIAN =
  'CONFIG_MODVERSIONS=y\nCONFIG_SMP=y\nCONFIG_PREEMPT_BUILD=y\nCONFIG_MODULE_UNLOAD=y\n';
const FLAGS = ['SMP', 'preempt', 'mod_unload', 'modversions'];

const CASES: readonly (readonly [what: string, config: string, expected: readonly string[]])[] = [
  ["Debian's 6.1", DEBIAN, FLAGS],
  ['a kernel before 5.13', 'CONFIG_SMP=y\nCONFIG_PREEMPT=y\n', ['SMP', 'preempt']],
  ['a real-time kernel', 'CONFIG_PREEMPT_RT=y\nCONFIG_SMP=y\n', ['SMP', 'preempt_rt']],
  ['one that says both', 'CONFIG_PREEMPT_RT=y\nCONFIG_PREEMPT_BUILD=y\n', ['preempt']],
  ['options that only begin so', 'CONFIG_SMP_X=y\nCONFIG_SMP=m\n# CONFIG_SMP=y\n', []],
];

for (const [what, config, expected] of CASES) {
  test(`readVermagicFlags() reads ${what}`, () => {
    assert.deepEqual(readVermagicFlags(config), expected);
  });
}

test('hasVermagicFlags() compares the flags, not the release and not what else is there', () => {
  assert.ok(hasVermagicFlags('6.1.0-54-amd64 SMP preempt mod_unload modversions ', FLAGS));
  assert.ok(hasVermagicFlags('5.10.0 SMP preempt mod_unload modversions aarch64', FLAGS));
  assert.ok(!hasVermagicFlags('6.1.0-54-amd64 SMP mod_unload modversions ', FLAGS));
  assert.ok(!hasVermagicFlags('6.1.0 SMP preempt preempt_rt mod_unload modversions ', FLAGS));
});

test('hasVermagicFlags() knows nothing about a module without vermagic', () => {
  assert.ok(hasVermagicFlags('', FLAGS));
});
