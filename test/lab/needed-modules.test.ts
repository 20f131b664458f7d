import assert from 'node:assert/strict';
import test from 'node:test';
import { moduleNameOf, readNeededModules } from '../../lab/truth/needed-modules.ts';

const STDOUT = `kernel/crypto/crc32c_generic.ko:
kernel/lib/libcrc32c.ko:
kernel/drivers/md/dm-mod.ko: kernel/drivers/dax/dax.ko
kernel/drivers/dax/dax.ko:
weak-updates/x/dm-writeboost.ko: kernel/drivers/md/dm-mod.ko kernel/drivers/dax/dax.ko kernel/lib/libcrc32c.ko
# Aliases extracted from modules themselves.
alias crc32c crc32c_generic
softdep libcrc32c pre: crc32c
softdep crc32c_generic pre: libcrc32c
`;

test('readNeededModules() gives the order of insertion, soft dependencies before who wants them', () => {
  const needed = readNeededModules(STDOUT);

  assert.deepEqual(needed.find('weak-updates/x/dm-writeboost.ko'), [
    'kernel/crypto/crc32c_generic.ko',
    'kernel/lib/libcrc32c.ko',
    'kernel/drivers/dax/dax.ko',
    'kernel/drivers/md/dm-mod.ko',
  ]);
  assert.deepEqual(needed.find('kernel/drivers/dax/dax.ko'), []);
});

test('moduleNameOf() names a module as the kernel does', () => {
  assert.equal(moduleNameOf('kernel/drivers/md/dm-mod.ko'), 'dm_mod');
  assert.equal(moduleNameOf('extra/jool.ko.xz'), 'jool');
});
