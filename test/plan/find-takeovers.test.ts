import assert from 'node:assert/strict';
import test from 'node:test';
import { findTakeovers } from '../../plan/find-takeovers.ts';
import type { PackageContent } from '../../plan/package-content.ts';
import type { PackageEffects } from '../../rpm/package-effects.ts';

const OTHERS = [{ kmod: 'jool', packages: ['kmod-jool'] }];
const FILE = 0o100644;
const NOTHING: PackageEffects = { obsoletes: [], triggers: [], fileTriggers: [], capabilities: [] };

function find(
  changes: Partial<PackageContent>,
  effects: Partial<PackageEffects> = {},
): readonly string[] {
  const content: PackageContent = {
    fileName: 'a.rpm',
    nevra: { name: 'kmod-a', epoch: 0, version: '1', release: '1', arch: 'x86_64' },
    files: [],
    effects: { ...NOTHING, ...effects },
    ...changes,
  };
  return findTakeovers(content, OTHERS).map((problem) => problem.replace('a.rpm: ', ''));
}

function files(...list: readonly (readonly [string, number])[]): Partial<PackageContent> {
  return { files: list.map(([path, mode]) => ({ path, mode })) };
}

const PLACES = [
  '/etc/cron.d/x',
  '/etc/ld.so.preload',
  '/etc/sudoers.d/x',
  '/root/.ssh/authorized_keys',
  '/etc/yum.repos.d/x.repo',
  '/boot/vmlinuz',
] as const;

for (const path of PLACES) {
  test(`findTakeovers() finds a file at ${path}`, () => {
    assert.deepEqual(find(files([path, FILE])), [`${path} lies where no kmod has files`]);
  });
}

const ORDINARY = [
  ['/lib/modules/6.1/extra/a/a.ko', FILE],
  ['/etc/depmod.d/kmod-a.conf', FILE],
  ['/etc/modprobe.d/a.conf', FILE],
  ['/usr/lib/systemd/system/a.service', FILE],
  ['/usr/bin/a', 0o100755],
  ['/usr/share/doc/a', 0o040755],
  ['/usr/lib/liba.so', 0o120777],
  ['/var/lib/a', 0o041777],
] as const;

test('findTakeovers() finds nothing in what kmods have', () => {
  const name = 'kernel-modules-for-kernel';
  const provides = [{ name, op: '=' as const, version: '6.1' }];
  const effects = {
    obsoletes: ['kmod-a-old', 'a-dkms'],
    triggers: ['kernel-core', 'kmod-b'],
    fileTriggers: ['/lib/modules/'],
    capabilities: ORDINARY.map(() => ''),
  };

  assert.deepEqual(find({ ...files(...ORDINARY), provides }, effects), []);
});

test('findTakeovers() finds capabilities, and what everybody may change', () => {
  const found = find(files(['/usr/bin/a', FILE], ['/usr/share/b', 0o100666], ['/c', 0o040777]), {
    capabilities: ['cap_net_admin=ep', '', ''],
  });

  assert.deepEqual(found, [
    '/usr/bin/a has the capabilities cap_net_admin=ep',
    '/usr/share/b is writable for everybody',
    '/c is writable for everybody',
  ]);
});

test('findTakeovers() finds files behind a link of the same package, and names of no name', () => {
  const found = find(files(['/opt/x', 0o120777], ['/opt/x/passwd', FILE], ['/opt/a\nb', FILE]));

  assert.deepEqual(found, [
    '/opt/x/passwd lies behind the link /opt/x',
    '"/opt/a\\nb" has characters of no name',
  ]);
});

test('findTakeovers() finds names that are not a kmod’s to take', () => {
  const provides = [{ name: 'kernel', op: '' as const, version: '' }];
  const nevra = { name: 'kmod-jool', epoch: 9, version: '1', release: '1', arch: 'x86_64' };

  assert.deepEqual(find({ provides, nevra }, { obsoletes: ['glibc', 'kmod-jool'] }), [
    'the kmod jool has a package of this name',
    'it claims to be kernel',
    'it replaces glibc',
    'it replaces kmod-jool, a package of the kmod jool',
  ]);
});

test('findTakeovers() finds scripts that changes of others run', () => {
  const effects = { triggers: ['bash', 'kernelspace'], fileTriggers: ['/usr/bin'] };

  assert.deepEqual(find({}, effects), [
    'it runs scripts when bash changes',
    'it runs scripts when kernelspace changes',
    'it runs scripts when files of /usr/bin change',
  ]);
});
