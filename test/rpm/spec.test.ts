import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import { compareVersions } from '../../rpm/evr.ts';
import {
  appendRelease,
  detectDialect,
  dialectNames,
  findDialect,
  releaseSuffix,
} from '../../rpm/spec.ts';
import { readFixtureText } from '../kabi/fixtures.ts';

const EL9 = { release: '5.14.0-611.el9.x86_64', arch: 'x86_64' };

const SPECS: readonly [file: string, dialect: string | undefined][] = [
  ['elrepo9', 'elrepo'],
  ['elrepo7', 'elrepo7'],
  ['rhel-kmp', 'rhel-kmp'],
  ['kmodtool', 'kmodtool'],
  ['suse-kmp', undefined],
];
for (const [file, dialect] of SPECS) {
  test(`detectDialect() finds ${dialect ?? 'no dialect'} in ${file}.spec`, () => {
    assert.equal(detectDialect(readFixtureText(`specs/${file}.spec`))?.name, dialect);
  });
}

const TEXTS: readonly [spec: string, dialect: string | undefined][] = [
  ['%{!?kernel_version: %define kernel_version 6.1.0-54-amd64}', 'rhel-kmp'],
  ['%{?!kversion: %global kversion %(uname -r)}', 'elrepo7'],
  ['%{kernel_module_package -n demo}', 'rhel-kmp'],
  ['%suse_kernel_module_package ps3', undefined],
  ['%define kmod_kernel_version 4.18.0-444.el8', undefined],
  ['%global kernel 5.14.0-587.el9', undefined],
  ['# kmodtool --target', undefined],
  ['%changelog\n- %kernel_module_package', undefined],
  ['', undefined],
];
for (const [spec, dialect] of TEXTS) {
  test(`detectDialect() finds ${dialect ?? 'nothing'} in ${JSON.stringify(spec)}`, () => {
    assert.equal(detectDialect(spec)?.name, dialect);
  });
}

test('findDialect() finds every dialect by its name', () => {
  for (const name of dialectNames()) assert.equal(findDialect(name)?.name, name);
  assert.equal(findDialect('auto'), undefined);
});

const DEFINES: readonly [dialect: string, kernel: typeof EL9, defines: object][] = [
  ['elrepo', EL9, { kmod_kernel_version: '5.14.0-611.el9' }],
  ['elrepo7', EL9, { kversion: '5.14.0-611.el9.x86_64' }],
  ['rhel-kmp', EL9, { kernel_version: '5.14.0-611.el9.x86_64' }],
  ['kmodtool', EL9, { kernels: '5.14.0-611.el9.x86_64' }],
  [
    'elrepo',
    { release: '6.1.0-54-amd64', arch: 'x86_64' },
    { kmod_kernel_version: '6.1.0-54-amd64' },
  ],
];
for (const [name, kernel, defines] of DEFINES) {
  test(`${name} defines ${JSON.stringify(defines)} for ${kernel.release}`, () => {
    assert.deepEqual(findDialect(name)?.defines(kernel), defines);
  });
}

test('Dialect.defines() refuses a release that a macro would read', () => {
  for (const release of ['%(id)', '1;id', '', '-x', 'a b', 'a\nb']) {
    for (const name of dialectNames()) {
      assert.throws(() => findDialect(name)?.defines({ release, arch: 'x86_64' }), SpecParseError);
    }
  }
});

test('only kmodtool binds a package to one kernel', () => {
  const bound = dialectNames().filter((name) => findDialect(name)?.bindsToOneKernel);

  assert.deepEqual(bound, ['kmodtool']);
});

const RELEASES: readonly [before: string, after: string][] = [
  ['Release: 1%{?dist}', 'Release: 1%{?dist}.k1'],
  ['Release:\t4%{?dist}  ', 'Release:\t4%{?dist}.k1'],
  ['release : 0', 'release : 0.k1'],
  ['Name: x\r\nRelease: 1\r\n%build', 'Name: x\r\nRelease: 1.k1\r\n%build'],
  ['Release: %{?prefix:%{prefix} }1', 'Release: %{?prefix:%{prefix} }1.k1'],
  ['Release: %autorelease', 'Release: %{autorelease}.k1'],
  ['Release: %autorelease -b 3', 'Release: %{autorelease -b 3}.k1'],
  ['Release: %{autorelease}', 'Release: %{autorelease}.k1'],
  [
    '%if 1\nRelease: 1\n%else\nRelease: 2\n%endif',
    '%if 1\nRelease: 1.k1\n%else\nRelease: 2.k1\n%endif',
  ],
  ['Release: 1\n%package a\nRelease: 2', 'Release: 1.k1\n%package a\nRelease: 2'],
  ['Release: 1\n%description\nRelease: 2', 'Release: 1.k1\n%description\nRelease: 2'],
  ['%define x \\\nRelease: 9\nRelease: 1', '%define x \\\nRelease: 9\nRelease: 1.k1'],
  ['# Release: 9\nRelease: 1', '# Release: 9\nRelease: 1.k1'],
];
for (const [before, after] of RELEASES) {
  test(`appendRelease() rewrites ${JSON.stringify(before)}`, () => {
    assert.equal(appendRelease(before, '.k1'), after);
  });
}

test('appendRelease() refuses a spec without Release, one of two words, or an odd suffix', () => {
  assert.throws(() => appendRelease('Name: x', '.k1'), SpecParseError);
  assert.throws(() => appendRelease('%description\nRelease: 1', '.k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: %rel 1', '.k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: 1', 'k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: 1', '.%(id)'), SpecParseError);
  assert.throws(() => appendRelease('Release: 1', '.a-b'), SpecParseError);
});

test('appendRelease() takes long lines in linear time', () => {
  const start = performance.now();

  assert.throws(() =>
    appendRelease(`${' '.repeat(1_000_000)}x\n${'Release'.repeat(100_000)}`, '.k1'),
  );
  assert.ok(performance.now() - start < 1000);
});

test('releaseSuffix() makes a legal release text', () => {
  const suffix = releaseSuffix({ release: '6.1.0-54-amd64', buildNumber: 1 });

  assert.equal(suffix, '.k6.1.0_54_amd64.b1');
  assert.match(
    releaseSuffix({ release: '5.14.0-611.el9.x86_64+rt-debug', buildNumber: 12 }),
    /^\.[A-Za-z0-9._+~^]+$/,
  );
});

test('releaseSuffix() refuses odd kernels and build numbers', () => {
  for (const release of ['', '-x', 'a b', '%x', 'x'.repeat(200)]) {
    assert.throws(() => releaseSuffix({ release, buildNumber: 1 }), SpecParseError);
  }
  for (const buildNumber of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => releaseSuffix({ release: '6.1.0', buildNumber }), SpecParseError);
  }
});

test('releaseSuffix() grows with the kernel, then with the build number', () => {
  const releases = [
    '5.14.0-70.13.1.el9_0.x86_64',
    '5.14.0-427.el9.x86_64',
    '5.14.0-427.13.1.el9_4.x86_64',
    '5.14.0-427.16.1.el9_4.x86_64',
    '5.14.0-611.el9.x86_64',
    '6.1.0-54',
    '6.1.0-54.1',
    '6.1.0-55-amd64',
    '6.1.0-56-amd64',
    '6.4.0-150600.23.7-default',
    '6.4.0-150600.23.25-default',
    '6.12.0-55.9.1.el10_0.x86_64',
  ];
  const suffixes = releases.flatMap((release) =>
    [1, 2, 9, 10, 100].map((buildNumber) => `1.el9${releaseSuffix({ release, buildNumber })}`),
  );

  for (const [i, older] of suffixes.entries()) {
    for (const newer of suffixes.slice(i + 1)) {
      assert.ok(compareVersions(older, newer) < 0, `${older} is not older than ${newer}`);
    }
    assert.ok(compareVersions('1.el9', older) < 0);
  }
});

const withoutRpmspec = spawnSync('rpmspec', ['--version']).error
  ? { skip: 'rpmspec not found' }
  : {};

test('rpm reads the rewritten Release', withoutRpmspec, () => {
  const suffix = releaseSuffix({ release: '6.1.0-54-amd64', buildNumber: 3 });
  const spec = appendRelease(readFixtureText('specs/elrepo9.spec'), suffix);

  const directory = mkdtempSync(join(tmpdir(), 'rekmod-spec-'));
  try {
    writeFileSync(join(directory, 'demo.spec'), spec);

    const printed = execFileSync(
      'rpmspec',
      ['-q', '--srpm', '--qf', '%{RELEASE}', '--define', 'dist .el9', 'demo.spec'],
      { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );

    assert.equal(printed, '4.el9.k6.1.0_54_amd64.b3');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
