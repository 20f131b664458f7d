import assert from 'node:assert/strict';
import test from 'node:test';
import { dropBuildRequires, readSpecDependencies } from '../../rpm/spec-dependencies.ts';
import { readFixtureText } from '../kabi/fixtures.ts';

test('readSpecDependencies() reads names of packages and of what they need', () => {
  const spec = `%define kmod_name dahdi
Name: kmod-%{kmod_name}
BuildRequires: gcc, make >= 4 kmod-core-devel%{?_isa} = %{version}
BuildRequires: (kmod-other if other)
Requires(post): /usr/sbin/depmod
Requires: kmod-core = 3
Provides: %{kmod_name}-kmod = 3 , kmod(dahdi.ko)
%package devel
Requires: kmod-%{kmod_name}
%package -n dahdi-symvers
%description
Requires: nothing, this is prose
%install
Provides: neither
%package late
`;

  assert.deepEqual(readSpecDependencies(spec), {
    buildRequires: ['gcc', 'make', 'kmod-core-devel', 'kmod-other', 'other'],
    requires: ['kmod-core', 'kmod-dahdi'],
    provides: [
      'kmod-dahdi',
      'dahdi-kmod',
      'kmod(dahdi.ko)',
      'kmod-dahdi-devel',
      'dahdi-symvers',
      'kmod-dahdi-late',
    ],
  });
});

test('readSpecDependencies() tells nothing of what it cannot know', () => {
  const spec =
    'Name: a\nBuildRequires: %{shell:x}-devel\nBuildRequires: %(echo kmod-b)\nRequires: kernel >= 5\n';

  assert.deepEqual(readSpecDependencies(spec), {
    buildRequires: [],
    requires: [],
    provides: ['a'],
  });
});

test('readSpecDependencies() knows the macros of the command line', () => {
  const { buildRequires } = readSpecDependencies('BuildRequires: kmod-%{peer}\n', { peer: 'x' });

  assert.deepEqual(buildRequires, ['kmod-x']);
});

test('readSpecDependencies() reads specs as they are', () => {
  const { buildRequires, provides } = readSpecDependencies(readFixtureText('specs/elrepo9.spec'));

  assert.ok(provides.some((name) => name.startsWith('kmod-')));
  assert.deepEqual(buildRequires, []);
});

test('dropBuildRequires() takes out what is named and nothing else, and keeps the lines', () => {
  const spec = `Name: a
BuildRequires: gcc, kmod-b-devel >= 3, make
BuildRequires: kmod-b
BuildRequires: gcc >= 9, elfutils
Requires: kmod-b
`;

  assert.equal(
    dropBuildRequires(spec, new Set(['kmod-b', 'kmod-b-devel'])),
    `Name: a
BuildRequires: gcc, make

BuildRequires: gcc >= 9, elfutils
Requires: kmod-b
`,
  );
});

test('dropBuildRequires() leaves a spec alone that has nothing of it', () => {
  const spec = 'Name: a\nBuildRequires: gcc\n';

  assert.equal(dropBuildRequires(spec, new Set(['kmod-b'])), spec);
  assert.equal(dropBuildRequires(spec, new Set()), spec);
});
