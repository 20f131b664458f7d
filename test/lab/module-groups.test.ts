import assert from 'node:assert/strict';
import test from 'node:test';
import { makeModuleGroups } from '../../lab/truth/module-groups.ts';

function lineOf(path: string, ...needs: readonly string[]) {
  return { path, needs };
}

test('makeModuleGroups() leaves the kernel’s own modules out', () => {
  assert.deepEqual(
    makeModuleGroups([
      lineOf('kernel/net/udp_tunnel.ko'),
      lineOf('extra/o/ovpn.ko', 'kernel/net/udp_tunnel.ko'),
    ]),
    [['extra/o/ovpn.ko']],
  );
});

test('makeModuleGroups() drops the group of a provider when a later module needs it', () => {
  assert.deepEqual(
    makeModuleGroups([
      lineOf('extra/d/dahdi.ko'),
      lineOf('extra/d/wct4xxp.ko', 'extra/d/oct612x.ko', 'extra/d/dahdi.ko'),
      lineOf('extra/d/wcte11xp.ko', 'extra/d/dahdi.ko'),
      lineOf('extra/d/oct612x.ko', 'extra/d/dahdi.ko'),
    ]),
    [
      ['extra/d/wct4xxp.ko', 'extra/d/oct612x.ko', 'extra/d/dahdi.ko'],
      ['extra/d/wcte11xp.ko', 'extra/d/dahdi.ko'],
    ],
  );
});
