import assert from 'node:assert/strict';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import { detectDialect, dialectNames, findDialect, type TargetKernel } from '../../rpm/spec.ts';
import { readFixtureText } from '../kabi/fixtures.ts';
import { DEBIAN, EL9, EL9_RT, LEAP } from '../support/target-kernels.ts';

const SPECS: readonly [file: string, dialect: string][] = [
  ['kmodtool', 'kmodtool'],
  ['kmodtool-own-script', 'kmodtool'],
  ['elrepo9', 'elrepo'],
  ['elrepo-other-name', 'elrepo'],
  ['elrepo-overruled', 'elrepo'],
  ['elrepo7', 'elrepo7'],
  ['elrepo7-uname', 'elrepo7'],
  ['redhat-dup', 'redhat-dup'],
  ['redhat-dup-el6', 'redhat-dup'],
  ['kmods-sig', 'kmods-sig'],
  ['kmods-sig-own-version', 'kmods-sig'],
  ['rhel-kmp', 'rhel-kmp'],
  ['suse-kmp', 'suse-kmp'],
  ['suse-kmp-inverted', 'suse-kmp'],
  ['nvidia-precompiled', 'nvidia-precompiled'],
  ['openzfs', 'openzfs'],
  ['lustre', 'lustre'],
  ['installed-devel', 'installed-devel'],
  ['installed-devel-uname', 'installed-devel'],
];
for (const [file, dialect] of SPECS) {
  test(`detectDialect() finds ${dialect} in ${file}.spec`, () => {
    assert.equal(detectDialect(readFixtureText(`specs/${file}.spec`))?.name, dialect);
  });
}

test('the fixtures have a spec of every dialect', () => {
  assert.deepEqual(dialectNames().toSorted(), [...new Set(SPECS.map(([, name]) => name))].sort());
});

const KERNELS: readonly [file: string, kernel: TargetKernel, dialect: string][] = [
  ['kmp-of-both-vendors', EL9, 'rhel-kmp'],
  ['kmp-of-both-vendors', EL9_RT, 'rhel-kmp'],
  ['kmp-of-both-vendors', LEAP, 'suse-kmp'],
  ['kmp-of-both-vendors', DEBIAN, 'rhel-kmp'],
  ['rhel-kmp', LEAP, 'suse-kmp'],
  ['elrepo9', LEAP, 'elrepo'],
];
for (const [file, kernel, dialect] of KERNELS) {
  test(`detectDialect() finds ${dialect} in ${file}.spec for ${kernel.release}`, () => {
    assert.equal(detectDialect(readFixtureText(`specs/${file}.spec`), kernel)?.name, dialect);
  });
}

const TEXTS: readonly [spec: string, dialect: string | undefined][] = [
  ['%{!?kernel_version: %define kernel_version 6.1.0-54-amd64}', 'rhel-kmp'],
  ['%{?!kversion: %global kversion %(uname -r)}', 'elrepo7'],
  ['%{kernel_module_package -n demo}', 'rhel-kmp'],
  ['%{?kernel_module_package:%kernel_module_package -n demo}', 'rhel-kmp'],
  ['%suse_kernel_module_package ps3', 'suse-kmp'],
  ['%define kmod_kernel_version 4.18.0-444.el8', 'redhat-dup'],
  ['%global kernel 5.14.0-587.el9', 'kmods-sig'],
  ['%define kversion %(uname -r)', 'installed-devel'],
  ['%define kver %(ls -1 /usr/src/kernels)', 'installed-devel'],
  // A kernel that is no version, a macro that is only asked for, and macros of similar names.
  ['%global kernel linux', undefined],
  ['BuildRequires: %kernel_module_package_buildreqs', undefined],
  ['%global kmoddir %{kernel_module_package_moddir demo}', undefined],
  ['%if %{defined suse_kernel_module_package}\n%endif', undefined],
  ['%define kver %(uname -m)', undefined],
  ['# kmodtool --target', undefined],
  ['# %{!?kmod_kernel_version: x}', undefined],
  ['%changelog\n- %kernel_module_package', undefined],
  ['', undefined],
];
for (const [spec, dialect] of TEXTS) {
  test(`detectDialect() finds ${dialect ?? 'nothing'} in ${JSON.stringify(spec)}`, () => {
    assert.equal(detectDialect(spec)?.name, dialect);
  });
}

test('detectDialect() finds nothing in what is larger than any spec', () => {
  assert.equal(detectDialect(`%global kernel 5.14.0-587.el9\n${'x'.repeat(5_000_000)}`), undefined);
});

test('findDialect() finds every dialect by its name', () => {
  for (const name of dialectNames()) assert.equal(findDialect(name)?.name, name);
  assert.equal(findDialect('auto'), undefined);
});

test('only kmodtool and NVIDIA bind a package to one kernel', () => {
  const bound = dialectNames().filter((name) => findDialect(name)?.bindsToOneKernel);

  assert.deepEqual(bound, ['kmodtool', 'nvidia-precompiled']);
});

test('what is bound to one kernel stands beside others and leaves weak-modules alone', () => {
  for (const name of dialectNames()) {
    const dialect = findDialect(name);
    const expected = dialect?.expectPackages('', LEAP);

    assert.equal(expected?.dialect, name);
    assert.equal(dialect?.usesWeakModules, !dialect?.bindsToOneKernel);
    if (dialect?.bindsToOneKernel) assert.equal(expected?.newBuild, 'stands-beside');
  }
});

test('the SIG form stands beside earlier builds where dnf is told to keep them, else it replaces them', () => {
  const newBuildOf = (file: string): string | undefined => {
    const text = readFixtureText(`specs/${file}.spec`);
    return detectDialect(text)?.expectPackages(text, EL9).newBuild;
  };
  assert.equal(newBuildOf('kmods-sig'), 'stands-beside');
  assert.equal(newBuildOf('kmods-sig-own-version'), 'replaces');
});

test('Lustre stands beside earlier builds on SUSE, whose packages are for several kernels at once', () => {
  const lustre = findDialect('lustre');
  assert.equal(lustre?.expectPackages('', LEAP).newBuild, 'stands-beside');
  assert.equal(lustre?.expectPackages('', EL9).newBuild, 'replaces');
});

const REQUIREMENTS: readonly (readonly [file: string, requires: readonly string[]])[] = [
  ['installed-devel', ['kernel-core-uname-r >= *', 'kernel(*) = *']],
  ['installed-devel-uname', ['kernel(*) = *']],
  ['redhat-dup', ['kernel(*) = *', 'kernel >= *']],
  ['redhat-dup-el6', ['kernel(*) = *']],
];

for (const [file, requires] of REQUIREMENTS) {
  test(`expectPackages() counts on what ${file}.spec itself says of kernels`, () => {
    const text = readFixtureText(`specs/${file}.spec`);
    assert.deepEqual(detectDialect(text)?.expectPackages(text, EL9).requires, requires);
  });
}

const HOSTILE: readonly string[] = [
  '%(--kmodname --target ',
  'kmodtool --target',
  '%{kernel_module_package %flav ',
  '%kernel_module_package -x\\\n',
  '%define kernel_version %(uname -r)\n',
  '%define kver %(rpm -q kernel-devel)\n',
  '%{!?kver: %define kernel ',
  '%global kernel 5.14.0-1\\\n',
  '%{?kernel_release}%{?kernel_dist',
  'BuildRequires: kernel-syms',
  '\t\t\t\t',
];
for (const piece of HOSTILE) {
  test(`every dialect ends with a spec of nothing but ${JSON.stringify(piece)}`, () => {
    const spec = piece.repeat(Math.floor(1_000_000 / piece.length));

    for (const name of dialectNames()) {
      const dialect = findDialect(name);
      try {
        dialect?.matches(spec, LEAP);
        dialect?.inject(spec, LEAP);
      } catch (error) {
        assert.ok(error instanceof SpecParseError, String(error));
      }
    }
  });
}
