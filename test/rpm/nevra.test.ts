import assert from 'node:assert/strict';
import test from 'node:test';
import { NevraParseError } from '../../model/parse-errors.ts';
import { findIllegalPart, formatNevra, parseNevra } from '../../rpm/nevra.ts';

const NEVRAS: readonly [text: string, name: string, epoch: number, evr: string, arch: string][] = [
  ['kernel-devel-5.14.0-611.el9.x86_64', 'kernel-devel', 0, '5.14.0 611.el9', 'x86_64'],
  ['dhcp-12:4.4.2-19.b1.el9.noarch', 'dhcp', 12, '4.4.2 19.b1.el9', 'noarch'],
  ['kernel-rt-64k-devel-6.12.0-1.aarch64', 'kernel-rt-64k-devel', 0, '6.12.0 1', 'aarch64'],
  [
    'x-kmp-default-1.2_k6.4.0_150600.21-1.1.x86_64',
    'x-kmp-default',
    0,
    '1.2_k6.4.0_150600.21 1.1',
    'x86_64',
  ],
  ['kmod-demo-1.0~rc1^git-1.src', 'kmod-demo', 0, '1.0~rc1^git 1', 'src'],
];
for (const [text, name, epoch, evr, arch] of NEVRAS) {
  test(`parseNevra() and formatNevra() are inverse for ${text}`, () => {
    const [version, release] = evr.split(' ');

    const nevra = parseNevra(text);

    assert.deepEqual(nevra, { name, epoch, version, release, arch });
    assert.equal(formatNevra(nevra), text);
  });
}

const BAD = [
  '',
  'kernel',
  'kernel-1.0.x86_64',
  '-1-1.x86_64',
  'kernel-1.0-1',
  'kernel-x:1.0-1.x86_64',
  'kernel-1:2:3-1.x86_64',
  'kernel-4294967296:1-1.x86_64',
  'kernel--1.x86_64',
  'kernel-1-.x86_64',
  'kernel-1-1.',
  '../kernel-1-1.x86_64',
  'kernel-1 0-1.x86_64',
  'kernel-1%{x}-1.x86_64',
  'kernel-1-1.x86_64\n',
  `${'k'.repeat(600)}-1-1.x86_64`,
];
for (const text of BAD) {
  test(`parseNevra() refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => parseNevra(text), NevraParseError);
  });
}

test('findIllegalPart() names the part', () => {
  const nevra = { name: 'kernel', epoch: 0, version: '1', release: '1', arch: 'x86_64' };

  assert.equal(findIllegalPart(nevra), undefined);
  assert.equal(findIllegalPart({ ...nevra, name: '-x' }), 'name');
  assert.equal(findIllegalPart({ ...nevra, epoch: -1 }), 'epoch');
  assert.equal(findIllegalPart({ ...nevra, version: '1-2' }), 'version');
  assert.equal(findIllegalPart({ ...nevra, release: '' }), 'release');
  assert.equal(findIllegalPart({ ...nevra, arch: 'x86/64' }), 'arch');
});
