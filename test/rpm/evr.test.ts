import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import test from 'node:test';
import { compareEvr, compareVersions, formatEvr } from '../../rpm/evr.ts';
import { seededRandom } from '../kabi/hostile.ts';

/** From rpm 4.18's tests/rpmvercmp.at, and what kernels are called. */
const PAIRS: readonly [a: string, b: string, order: number][] = [
  ['1.0', '1.0', 0],
  ['1.0', '2.0', -1],
  ['2.0.1', '2.0', 1],
  ['2.0.1a', '2.0.1', 1],
  ['5.5p1', '5.5p10', -1],
  ['10xyz', '10.1xyz', -1],
  ['xyz10', 'xyz10.1', -1],
  ['xyz.4', '8', -1],
  ['xyz.4', '2', -1],
  ['5.5p2', '5.6p1', -1],
  ['6.0.rc1', '6.0', 1],
  ['10b2', '10a1', 1],
  ['7.4.052', '7.4.52', 0],
  ['1.0a', '1.0aa', -1],
  ['20101121', '20101121', 0],
  ['2_0', '2.0', 0],
  ['a+', 'a_', 0],
  ['+', '_', 0],
  ['', '', 0],
  ['', 'a', -1],
  ['', '~', 1],
  ['1.0~rc1', '1.0', -1],
  ['1.0~rc1', '1.0~rc2', -1],
  ['1.0~rc1~git123', '1.0~rc1', -1],
  ['1.0^', '1.0', 1],
  ['1.0^git1', '1.0^git2', -1],
  ['1.0^git1', '1.01', -1],
  ['1.0^20160101', '1.0.1', -1],
  ['1.0~rc1^git1', '1.0~rc1', 1],
  ['1.0^git1~pre', '1.0^git1', -1],
  ['1b.fc17', '1.fc17', -1],
  ['1g.fc17', '1.fc17', 1],
  ['000', '0', 0],
  ['00', '', 1],
  ['é', 'è', 0],
  ['5.14.0-427', '5.14.0_427', 0],
  ['611.el9', '611.5.1.el9_7', -1],
  ['5.14.0-70.el9', '5.14.0-427.el9', -1],
  ['6.4.0-150600.23.25', '6.4.0-150600.23.7', 1],
  ['99999999999999999999', '100000000000000000000', -1],
];
for (const [a, b, order] of PAIRS) {
  test(`compareVersions() orders ${JSON.stringify(a)} and ${JSON.stringify(b)} both ways`, () => {
    assert.equal(Math.sign(compareVersions(a, b)), order);
    assert.equal(Math.sign(compareVersions(b, a)), order === 0 ? 0 : -order);
  });
}

const withoutRpm = spawnSync('rpm', ['--version']).error ? { skip: 'rpm not found' } : {};

test('compareVersions() and rpm order random texts alike', withoutRpm, () => {
  const random = seededRandom(20261123);
  const pieces = ['0', '1', '10', '9', '007', 'a', 'b', 'el9', 'rc', '.', '_', '+', '~', '^', 'Z'];
  const makeText = () =>
    Array.from({ length: 1 + random(7) }, () => pieces[random(pieces.length)]).join('');
  const pairs = Array.from({ length: 2000 }, () => [makeText(), makeText()] as const);
  // rpm's Lua takes a whole EVR: nothing empty, and a dash would start the release.
  const isVersion = (text: string) => /^[^-]+$/.test(text) && text !== 'é';
  const listed = [...PAIRS.filter(([a, b]) => isVersion(a) && isVersion(b)), ...pairs];
  const table = listed.map(([a, b]) => `${a}|${b};`).join('');

  const script = `for a, b in ('${table}'):gmatch('([^|;]*)|([^|;]*);') do print(rpm.vercmp(a, b)..' ') end`;
  const printed = execFileSync('rpm', ['--eval', `%{lua: ${script}}`], { encoding: 'utf8' });

  const expected = printed.trim().split(' ').map(Number);
  assert.equal(expected.length, listed.length);
  listed.forEach(([a, b], i) => {
    assert.equal(Math.sign(compareVersions(a, b)), expected[i], `${a} and ${b}`);
  });
});

test('compareVersions() comes to an end with long texts', () => {
  assert.equal(compareVersions(`${'1.'.repeat(100_000)}1`, `${'1.'.repeat(100_000)}2`), -1);
});

test('compareEvr() looks at epoch, then version, then release', () => {
  const evr = { epoch: 0, version: '1', release: '2' };

  assert.equal(compareEvr(evr, { ...evr }), 0);
  assert.ok(compareEvr(evr, { epoch: 1, version: '0', release: '0' }) < 0);
  assert.ok(compareEvr(evr, { epoch: 0, version: '0.9', release: '9' }) > 0);
  assert.ok(compareEvr(evr, { epoch: 0, version: '1', release: '10' }) < 0);
});

test('formatEvr() leaves out an epoch of 0', () => {
  assert.equal(formatEvr({ epoch: 0, version: '5.14.0', release: '611.el9' }), '5.14.0-611.el9');
  assert.equal(formatEvr({ epoch: 3, version: '550', release: '1' }), '3:550-1');
});
