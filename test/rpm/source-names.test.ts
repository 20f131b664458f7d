import assert from 'node:assert/strict';
import test from 'node:test';
import { namesSourcesByRelease } from '../../rpm/source-names.ts';

const BY_RELEASE: readonly string[] = [
  'Source0: a-%{release}.tar',
  'Source: a-%release.tar',
  'Patch1: %{?release}.patch',
  '%setup -q -n a-%{version}-%{release}',
  '%autosetup -n a-%{release}',
  '%define tar %{version}-%{release}\n%define name2 a-%{tar}\nSource0: %{name2}.tar',
  '%global tar %(echo "%{version}-%{?release}" | sed -e "s,%{?dist}$,,")\nSource: a-%{tar}.tar',
];
for (const spec of BY_RELEASE) {
  test(`namesSourcesByRelease() sees the Release in ${JSON.stringify(spec)}`, () => {
    assert.ok(namesSourcesByRelease(spec));
  });
}

const OTHERS: readonly string[] = [
  'Source0: a-%{version}.tar\nProvides: a = %{version}-%{release}',
  'Source0: a-%{release_date}.tar',
  '%define a %{b}\n%define b %{a}\nSource0: %{aaa}\n%define aaa %{bbb}\n%define bbb %{aaa}',
  'Name: x',
];
for (const spec of OTHERS) {
  test(`namesSourcesByRelease() sees no Release in ${JSON.stringify(spec)}`, () => {
    assert.ok(!namesSourcesByRelease(spec));
  });
}

test('namesSourcesByRelease() follows no more macros than real specs have', () => {
  const chain = Array.from({ length: 5000 }, (_, i) => `%define m${i}x %{m${i + 1}x}`).join('\n');

  assert.ok(!namesSourcesByRelease(`Source0: %{m0x}\n${chain}\n%define m5000x %{release}`));
});
