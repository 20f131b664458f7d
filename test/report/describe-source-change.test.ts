import assert from 'node:assert/strict';
import test from 'node:test';
import { describeSourceChange } from '../../report/describe-source-change.ts';

const CHANGE = { kmod: 'ovpn-dco', version: '0.2', releases: ['6.12.117', '6.1.0-55'] } as const;

test('describeSourceChange() says what changed and for which kernels it matters', () => {
  const { version: _, ...unnamed } = CHANGE;
  assert.deepEqual(
    [
      describeSourceChange({ ...CHANGE, what: 'spec' }),
      describeSourceChange({ ...CHANGE, what: 'files' }),
      describeSourceChange({ ...CHANGE, what: 'builder' }),
      describeSourceChange({ ...unnamed, what: 'unknown' }),
    ],
    [
      'ovpn-dco: new source 0.2 (spec changed): rebuild for 6.12.117, 6.1.0-55',
      'ovpn-dco: new source 0.2 (files beside the spec changed): rebuild for 6.12.117, 6.1.0-55',
      'ovpn-dco: source 0.2 failed in another builder: rebuild for 6.12.117, 6.1.0-55',
      'ovpn-dco: new source: rebuild for 6.12.117, 6.1.0-55',
    ],
  );
});

test('describeSourceChange() counts the kernels of a long list', () => {
  const releases = Array.from({ length: 11 }, (_, index) => `6.${index}`);

  assert.match(describeSourceChange({ ...CHANGE, what: 'spec', releases }), /6\.7 and 3 more$/);
});
