import assert from 'node:assert/strict';
import test from 'node:test';
import type { PackageContent } from '../../plan/package-content.ts';
import { findUnexpected } from '../../plan/verify-expected.ts';
import type { RpmDependency } from '../../rpm/header.ts';
import { dialectNames, findDialect, type TargetKernel } from '../../rpm/spec.ts';
import { EL9, LEAP } from '../support/target-kernels.ts';

/** A package as a dialect makes it for a kernel. */
function packageOf(
  name: string,
  changes: { version?: string; release?: string; folder?: string; requires?: string } = {},
  kernel: TargetKernel = EL9,
): PackageContent {
  const { version = '1.2', release = '1.el9', folder = 'extra/demo', requires } = changes;
  return {
    fileName: `${name}.rpm`,
    nevra: { name, epoch: 0, version, release, arch: 'x86_64' },
    files: [{ path: `/lib/modules/${kernel.release}/${folder}/demo.ko.xz`, mode: 0o100644 }],
    ...(requires === undefined ? {} : { requires: [toDependency(requires)] }),
  };
}

function toDependency(text: string): RpmDependency {
  const [name = '', op = '', version = ''] = text.split(' ');
  assert.ok(op === '' || op === '=' || op === '>=' || op === '>' || op === '<' || op === '<=');
  return { name, op, version };
}

function find(dialect: string, content: PackageContent, kernel: TargetKernel = EL9) {
  const expected = findDialect(dialect)?.expectPackages(
    '%kernel_module_package\nrpmtemplate',
    kernel,
  );
  assert.ok(expected);
  return findUnexpected([content], expected, kernel.release);
}

const GOOD: readonly [dialect: string, content: PackageContent, kernel: TargetKernel][] = [
  ['kmodtool', packageOf('kmod-demo-5.14.0-611.el9.x86_64'), EL9],
  ['elrepo', packageOf('kmod-demo'), EL9],
  ['elrepo7', packageOf('kmod-demo'), EL9],
  ['redhat-dup', packageOf('kmod-redhat-demo', { folder: 'extra/kmod-redhat-demo' }), EL9],
  ['kmods-sig', packageOf('kmod-demo', { version: '5.14.0~611' }), EL9],
  ['rhel-kmp', packageOf('kmod-demo'), EL9],
  ['openzfs', packageOf('kmod-zfs', { folder: 'extra/zfs' }), EL9],
  ['lustre', packageOf('kmod-lustre-osd-ldiskfs', { folder: 'extra/lustre/fs' }), EL9],
  ['lustre', packageOf('lustre-kmp-default', { folder: 'updates/lustre' }, LEAP), LEAP],
  ['nvidia-precompiled', packageOf('kmod-nvidia-535.1-5.14.0-611'), EL9],
  ['installed-devel', packageOf('lkrg', { folder: '' }), EL9],
  [
    'suse-kmp',
    packageOf('demo-kmp-default', { version: '1.2_k6.4.0_150600.21', folder: 'updates' }, LEAP),
    LEAP,
  ],
];
for (const [dialect, content, kernel] of GOOD) {
  test(`findUnexpected() accepts ${content.nevra.name} of ${dialect}`, () => {
    assert.deepEqual(find(dialect, content, kernel), []);
  });
}

test('findUnexpected() is tried with every dialect', () => {
  assert.deepEqual(
    [...new Set(GOOD.map(([dialect]) => dialect))].sort(),
    dialectNames().toSorted(),
  );
});

const BAD: readonly [
  what: string,
  dialect: string,
  content: PackageContent,
  kernel: TargetKernel,
  sentence: string,
][] = [
  [
    'a package of kmodtool that names another kernel',
    'kmodtool',
    packageOf('kmod-demo-5.14.0-612.el9.x86_64'),
    EL9,
    'kmod-demo-5.14.0-612.el9.x86_64.rpm: expected the name kmod-*-5.14.0-611.el9.x86_64 (dialect kmodtool), found kmod-demo-5.14.0-612.el9.x86_64',
  ],
  [
    'modules in the meta package of kmodtool',
    'kmodtool',
    packageOf('kmod-demo'),
    EL9,
    'kmod-demo.rpm: expected the name kmod-*-5.14.0-611.el9.x86_64 (dialect kmodtool), found kmod-demo',
  ],
  [
    'a KMP of another flavour',
    'suse-kmp',
    packageOf('demo-kmp-azure', { version: '1.2_k6.4.0_150600.21', folder: 'updates' }, LEAP),
    LEAP,
    'demo-kmp-azure.rpm: expected the name *-kmp-default (dialect suse-kmp), found demo-kmp-azure',
  ],
  [
    'a KMP whose version is of another kernel',
    'suse-kmp',
    packageOf('demo-kmp-default', { version: '1.2_k6.4.0_150600.23', folder: 'updates' }, LEAP),
    LEAP,
    'demo-kmp-default.rpm: expected the version *_k6.4.0_150600.21 (dialect suse-kmp), found 1.2_k6.4.0_150600.23',
  ],
  [
    'modules where weak-modules does not look',
    'elrepo',
    packageOf('kmod-demo', { folder: 'kernel/drivers' }),
    EL9,
    '/lib/modules/5.14.0-611.el9.x86_64/kernel/drivers/demo.ko.xz: expected a path below /lib/modules/5.14.0-611.el9.x86_64/extra/ (dialect elrepo)',
  ],
  [
    'modules in neither of two folders',
    'rhel-kmp',
    packageOf('kmod-demo', { folder: 'extras' }),
    EL9,
    '/lib/modules/5.14.0-611.el9.x86_64/extras/demo.ko.xz: expected a path below /lib/modules/5.14.0-611.el9.x86_64/extra/ or /lib/modules/5.14.0-611.el9.x86_64/updates/ (dialect rhel-kmp)',
  ],
  [
    'a package for exactly another kernel',
    'elrepo',
    packageOf('kmod-demo', { requires: 'kernel-uname-r = 5.14.0-612.el9.x86_64' }),
    EL9,
    'kmod-demo.rpm: expected to allow the kernel 5.14.0-611.el9.x86_64, found kernel-uname-r = 5.14.0-612.el9.x86_64',
  ],
  [
    'a package that wants a newer kernel than its own',
    'installed-devel',
    packageOf('kmod-kvdo', { requires: 'kernel-core-uname-r >= 5.14.0-611.35.1.el9_7' }),
    EL9,
    'kmod-kvdo.rpm: expected to allow the kernel 5.14.0-611.el9.x86_64, found kernel-core-uname-r >= 5.14.0-611.35.1.el9_7',
  ],
];
for (const [what, dialect, content, kernel, sentence] of BAD) {
  test(`findUnexpected() refuses ${what}`, () => {
    assert.deepEqual(find(dialect, content, kernel), [sentence]);
  });
}

for (const requires of [
  'kernel-uname-r = 5.14.0-611.el9.x86_64',
  'kernel-uname-r = 5.14.0-611.el9',
  'kernel = 5.14.0-611.el9',
  'kernel >= 5.14.0-611.el9',
  'kernel >= 0:5.14.0-570.el9',
  'kernel-core-uname-r >= 5.14.0-611.el9.x86_64',
  'kernel < 6.0',
  'kernel',
  'kernel(printk) = 0x12345678',
  'zfs = 2.2.4',
]) {
  test(`findUnexpected() accepts a package that requires ${requires}`, () => {
    assert.deepEqual(find('elrepo', packageOf('kmod-demo', { requires })), []);
  });
}

test('findUnexpected() knows a release that rpm cannot write', () => {
  const kernel = { ...EL9, release: '6.1.0-54-amd64' };
  const requires = 'kernel-uname-r = 6.1.0-54.amd64';

  const content = packageOf('kmod-demo-6.1.0-54-amd64', { requires }, kernel);

  assert.deepEqual(find('kmodtool', content, kernel), []);
});

test('findUnexpected() wants the Release of this very build in every package', () => {
  const expected = findDialect('rhel-kmp')?.expectPackages('', EL9);
  assert.ok(expected);
  const release = '*.k5.14.0_611.el9.x86_64.b2*';
  const good = packageOf('kmod-a', { release: '1.k5.14.0_611.el9.x86_64.b2.lab' });
  const old = packageOf('kmod-b', { release: '3' });
  const common = { ...packageOf('demo-common', { release: '1' }), files: [] };

  assert.deepEqual(findUnexpected([good, old, common], { ...expected, release }, EL9.release), [
    `kmod-b.rpm: expected the release ${release} (dialect rhel-kmp), found 3`,
    `demo-common.rpm: expected the release ${release} (dialect rhel-kmp), found 1`,
  ]);
});

test('findUnexpected() lets packages without modules have any name and version', () => {
  const content = { ...packageOf('demo-common'), files: [{ path: '/etc/demo', mode: 0o100644 }] };

  assert.deepEqual(find('kmodtool', content), []);
  assert.deepEqual(find('suse-kmp', content, LEAP), []);
});
