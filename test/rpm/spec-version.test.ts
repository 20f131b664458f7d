import assert from 'node:assert/strict';
import test from 'node:test';
import { findSpecVersion } from '../../rpm/spec-version.ts';

const CASES: readonly [spec: string, version: string | undefined][] = [
  ['Name: x\nVersion:\t0.0+git20241121\nRelease: 1\n', '0.0+git20241121'],
  ['version: 2\n', '2'],
  ['Version: %{upstream}\n', undefined],
  ['Name: x\n', undefined],
];

for (const [spec, version] of CASES) {
  test(`findSpecVersion() finds ${version ?? 'nothing'} in ${JSON.stringify(spec)}`, () => {
    assert.equal(findSpecVersion(spec), version);
  });
}
