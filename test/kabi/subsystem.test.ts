import assert from 'node:assert/strict';
import test from 'node:test';
import { findSubsystem } from '../../kabi/subsystem.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import { readFixtureText } from './fixtures.ts';

const CASES: readonly (readonly [module: string, expected: string | undefined])[] = [
  ['vmlinux', "the kernel's core"],
  ['drivers/net/tun', 'network drivers'],
  ['drivers/net/wireless/ath/ath', 'Wi-Fi'],
  ['net/ipv6/netfilter/nf_reject_ipv6', 'netfilter, the firewall'],
  ['net/ipv6/ipv6', 'networking'],
  ['drivers/usb/core/usbcore', 'USB'],
  ['fs/ext4/ext4', 'file systems'],
  ['fs/nfs/nfs', 'NFS'],
  ['arch/x86/kvm/kvm', 'virtual machines, KVM'],
  ['kernel/drivers/net/tun', 'network drivers'],
  ['kernel/kernel/trace/preemptirq_delay_test', "the kernel's core"],
  ['kernel/trace/preemptirq_delay_test', "the kernel's core"],
  ['crypto/af_alg', 'cryptography'],
  ['drivers/w1/wire', 'drivers/w1'],
  ['drivers/odd', undefined],
  ['jool_common', undefined],
  ['net', undefined],
  ['', undefined],
  ['/home/me/net/x', undefined],
];

for (const [module, expected] of CASES) {
  test(`findSubsystem() tells for "${module}": ${expected ?? 'nothing'}`, () => {
    assert.equal(findSubsystem(module), expected);
  });
}

test('findSubsystem() tells of every module in a real Module.symvers', () => {
  const symvers = parseSymvers(readFixtureText('symvers/debian-6.1.0-55-amd64.symvers'));

  for (const { module } of symvers.values()) assert.ok(findSubsystem(module), module);
});
