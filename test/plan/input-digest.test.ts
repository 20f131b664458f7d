import assert from 'node:assert/strict';
import test from 'node:test';
import { type BuildInputs, digestInputs } from '../../plan/input-digest.ts';

const INPUTS: BuildInputs = {
  sourceDigest: 'source',
  develSha256: 'devel',
  targetImage: 'example.org/centos:stream9',
  targetPackages: ['gcc', 'make', 'rpm-build'],
  dialect: 'elrepo',
  arch: 'x86_64',
};

function digest(changes: Partial<BuildInputs> = {}): string {
  return digestInputs({ ...INPUTS, ...changes }, (text) => text);
}

const CHANGES: readonly Partial<BuildInputs>[] = [
  { sourceDigest: 'other' },
  { develSha256: 'other' },
  { targetImage: 'other' },
  { targetPackages: ['gcc', 'make'] },
  { targetPackages: ['gcc', 'make', 'rpm-build', 'pahole'] },
  { targetPackages: ['gcc make', 'rpm-build'] },
  { dialect: 'other' },
  { arch: 'other' },
  { defines: { driver: '535.1' } },
  // A value must not slip from one place into the next.
  { sourceDigest: 'devel', develSha256: 'source' },
  { dialect: 'x86_64', arch: 'elrepo' },
];

for (const change of CHANGES) {
  test(`digestInputs() tells apart ${JSON.stringify(change)}`, () => {
    assert.notEqual(digest(change), digest());
  });
}

test('digestInputs() sees no difference in the order of packages, and leaves the list alone', () => {
  const targetPackages = Object.freeze(['rpm-build', 'gcc', 'make']);

  assert.equal(digest({ targetPackages }), digest());
});

test('digestInputs() sees no difference in the order of macros, and none in having none', () => {
  const one = digest({ defines: { driver: '535.1', epoch: '3' } });

  assert.equal(one, digest({ defines: { epoch: '3', driver: '535.1' } }));
  assert.notEqual(one, digest({ defines: { driver: '535.2', epoch: '3' } }));
  assert.equal(digest({ defines: {} }), digest());
});
