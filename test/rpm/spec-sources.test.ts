import assert from 'node:assert/strict';
import test from 'node:test';
import { listSpecSources } from '../../rpm/spec-sources.ts';
import { readFixtureText } from '../kabi/fixtures.ts';

const CASES: readonly [why: string, spec: string, expected: readonly string[]][] = [
  ['plain names', 'Source: a\nSource10: b\nPatch3: c', ['Source a', 'Source10 b', 'Patch3 c']],
  [
    'addresses',
    'Source0: https://x.org/y/a-1.tar.gz\nSource1: https://x.org/get?id=1#/b.tgz',
    ['Source0 a-1.tar.gz', 'Source1 b.tgz'],
  ],
  ['name and version', 'Name: a\nVersion: 1\nSource0: %{name}-%version.tgz', ['Source0 a-1.tgz']],
  ['macros of macros', '%global x 1\n%define y %{x}2\nSource0: a%{?y}', ['Source0 a12']],
  ['a macro that can be overridden', '%{!?v: %define v 3}\nSource0: a-%{v}', ['Source0 a-3']],
  ['an unknown macro', 'Source0: a-%{unknown}\nSource1: b', ['Source1 b']],
  ['a macro that is defined twice', '%define v 1\n%define v 2\nSource0: a-%{v}', []],
  ['a macro of a condition', '%if 1\n%define v 1\n%endif\nSource0: a-%{v}', []],
  ['sources of a condition', '%if 0%{?rhel}\nSource0: a\n%endif\nSource1: b', ['Source1 b']],
  ['what follows the preamble', 'Source0: a\n%description\nSource1: b', ['Source0 a']],
  ['macros that go round', '%define a %{b}\n%define b %{a}\nSource0: %{a}', []],
  [
    'macros that double',
    `%define a0 xx\n${Array.from({ length: 30 }, (_, i) => `%define a${i + 1} %{a${i}}%{a${i}}`).join('\n')}\nSource0: %{a30}`,
    [],
  ],
];
for (const [why, spec, expected] of CASES) {
  test(`listSpecSources() lists ${why}`, () => {
    const found = listSpecSources(spec).map(({ tag, fileName }) => `${tag} ${fileName}`);

    assert.deepEqual(found, expected);
  });
}

test('listSpecSources() reads specs as they are', () => {
  const names = ['elrepo9', 'elrepo7'];

  for (const name of names) {
    assert.ok(listSpecSources(readFixtureText(`specs/${name}.spec`)).length > 0, name);
  }
});
