import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import { compareVersions } from '../../rpm/evr.ts';
import { appendRelease, releaseSuffix } from '../../rpm/spec-release.ts';
import { readFixtureText } from '../kabi/fixtures.ts';

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
  ['Release: 1\n%package a\nRelease: 2', 'Release: 1.k1\n%package a\nRelease: 2.k1'],
  [
    'Release: 1\n%package a\nRelease: 2\n%description a\nRelease: 3',
    'Release: 1.k1\n%package a\nRelease: 2.k1\n%description a\nRelease: 3',
  ],
  ['Release: %{baserelease}%{?dist}', 'Release: %{baserelease}%{?dist}.k1'],
  ['%define rel 3\nRelease: %rel', '%define rel 3\nRelease: %rel.k1'],
  ['%define release 3\nRelease: %{release}', '%define release 3\nRelease: %{release}.k1'],
  ['Release: %{?snap:0.%{snap}.}%{!?snap:1}', 'Release: %{?snap:0.%{snap}.}%{!?snap:1}.k1'],
  ['Release: %autorelease -p -e %{snap}', 'Release: %{autorelease -p -e %{snap}}.k1'],
  ['Release: %{lua:\nprint(1)\n}\nName: x', 'Release: %{lua:\nprint(1)\n}.k1\nName: x'],
  ['Release: %{?rc:0.\\\n}1', 'Release: %{?rc:0.\\\n}1.k1'],
  ['Source: a-%{release}.tar\nRelease: 1', 'Source: a-%{release}.tar\nRelease: 1.k1'],
  [
    'Source: a-%{version}.tar\nRelease: 1%{?dist}',
    'Source: a-%{version}.tar\nRelease: 1%{?dist}.k1',
  ],
  ['  %if 1\n  Release: 1\n  %endif', '  %if 1\n  Release: 1.k1\n  %endif'],
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
  assert.throws(() => appendRelease('%package a\nRelease: 1', '.k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: %rel 1', '.k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: \\\n1', '.k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: 1', 'k1'), SpecParseError);
  assert.throws(() => appendRelease('Release: 1', '.%(id)'), SpecParseError);
  assert.throws(() => appendRelease('Release: 1', '.a-b'), SpecParseError);
});

test('appendRelease() comes to an end with long lines', () => {
  assert.throws(() =>
    appendRelease(`${' '.repeat(1_000_000)}x\n${'Release'.repeat(100_000)}`, '.k1'),
  );
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

test('appendRelease() extends %{dist} once where sources are called by the Release', () => {
  const release = (value: string) =>
    `Source: a-%{release}\n%if 0\nRelease: 1${value}\n%else\nRelease: 2${value}\n%endif\n`;
  const start =
    '%{!?rekmod_suffix:%{expand:%%global rekmod_suffix .k1}%{expand:%%global dist %{?dist}.k1}}';

  assert.equal(
    appendRelease(release('%{?dist}'), '.k1'),
    release('%{?dist}').replaceAll('Release:', `${start}Release:`),
  );
  assert.equal(appendRelease(release(''), '.k1'), release('.k1'));
});
