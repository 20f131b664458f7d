import assert from 'node:assert/strict';
import test from 'node:test';
import { describeLook } from '../../report/describe-look.ts';

const NOTHING = {
  kind: 'read',
  readyCount: 2,
  fresh: [],
  waiting: [],
  surplus: [],
  gone: [],
  withdrawn: [],
  unfinished: [],
  faults: [],
} as const;

test('describeLook() says why kernels are not taken', () => {
  assert.equal(
    describeLook({ ...NOTHING, surplus: ['6.1.0-1.el9', '6.1.0-2.el9'] }),
    '2 kernels are offered, none is new; not taken, for there are enough newer ones: 6.1.0-1.el9, 6.1.0-2.el9',
  );
});

test('describeLook() names the newest of many kernels that are not taken', () => {
  const surplus = Array.from({ length: 300 }, (_, index) => `6.1.0-${index}.el9`);

  assert.match(
    describeLook({ ...NOTHING, surplus }),
    /: 6\.1\.0-295\.el9, .*6\.1\.0-299\.el9 and 295 older ones$/,
  );
});
