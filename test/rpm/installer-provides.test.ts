import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { compareVersions } from '../../rpm/evr.ts';
import type { RpmDependency } from '../../rpm/header.ts';
import { viewAsInstaller } from '../../rpm/installer-provides.ts';

const K = '5.14.0-611.el9.x86_64';

function view(provides: readonly RpmDependency[], paths: readonly string[] = []) {
  const files = paths.map((path) => ({
    path,
    sizeBytes: 1,
    mode: 0o100644,
    digest: '',
    linkTo: '',
  }));
  return viewAsInstaller({ provides, files }, K);
}

const CASES: readonly (readonly [op: RpmDependency['op'], version: string, isListed: boolean])[] = [
  ['>=', '5.14.0-611.el9.x86_64', true],
  ['>=', '5.14.0-570.el9.x86_64', true],
  ['>=', '5.14.0-612.el9.x86_64', false],
  ['=', '5.14.0-611.el9.x86_64', true],
  // What rpm cannot write with a second dash is the same version to it.
  ['=', '5.14.0.611.el9-x86_64', true],
  ['=', '5.14.0-611.el9', false],
  ['>=', '5.14.0-611.el9', true],
  ['>', '5.14.0-611.el9.x86_64', false],
  ['>', '5.14.0-610.el9.x86_64', true],
  ['<', '5.14.0-612.el9.x86_64', true],
  ['<=', '5.14.0-611.el9.x86_64', true],
  ['<', '5.14.0-610.el9.x86_64', false],
  // Without a version it is for no kernel.
  ['', '', false],
];

for (const [op, version, isListed] of CASES) {
  test(`viewAsInstaller() ${isListed ? 'lists' : 'passes over'} kernel-modules ${op} ${version}`, () => {
    assert.equal(view([{ name: 'kernel-modules', op, version }]).isListed, isListed);
  });
}

test('viewAsInstaller() compares as rpm does', {
  skip: spawnSync('rpm', ['--version']).error ? 'no rpm' : false,
}, () => {
  for (const [, version] of CASES.filter(([op]) => op !== '')) {
    const [one, other] = [K, version].map((text) => text.replaceAll('-', '.'));
    const { stdout } = spawnSync('rpm', [
      '--eval',
      `%{lua: print(rpm.vercmp('${one}', '${other}'))}`,
    ]);
    assert.equal(Math.sign(compareVersions(K, version)), Number(String(stdout)), version);
  }
});

test('viewAsInstaller() takes any of several provides and no other name', () => {
  const older = { name: 'kernel-modules', op: '=', version: '5.14.0-1.el9.x86_64' } as const;
  const exact = { name: 'kernel-modules', op: '=', version: K } as const;

  assert.equal(view([older, exact]).isListed, true);
  assert.deepEqual(view([older]).offered, ['kernel-modules = 5.14.0-1.el9.x86_64']);
  assert.deepEqual(view([{ ...exact, name: 'kernel-modules-for-kernel' }]), {
    offered: [],
    isListed: false,
    isFromKmodtool: true,
    unloaded: [],
    unseenFirmware: [],
  });
});

test('viewAsInstaller() tells modules and firmware that the installer does not take from their place', () => {
  const { unloaded, unseenFirmware } = view(
    [],
    [
      `/lib/modules/${K}/extra/jool/jool.ko.xz`,
      `/usr/lib/modules/${K}/extra/jool/jool.ko.xz`,
      '/lib/firmware/jool.bin',
      '/usr/lib/firmware/jool.bin',
      '/usr/share/doc/jool.ko.txt',
    ],
  );

  assert.deepEqual(unloaded, [`/usr/lib/modules/${K}/extra/jool/jool.ko.xz`]);
  assert.deepEqual(unseenFirmware, ['/usr/lib/firmware/jool.bin']);
});
