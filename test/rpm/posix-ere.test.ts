import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { compileEre } from '../../rpm/dkms/posix-ere.ts';
import { seededRandom } from '../kabi/hostile.ts';

const RELEASES = [
  '6.1.0-55-amd64',
  '5.14.0-611.el9.x86_64',
  '4.18.0-553.el8_10.x86_64',
  'x86_64',
  '',
];

/** Real conditions of DKMS sources, and what is special in the language. */
const PATTERNS: readonly string[] = [
  '^(5\\.[6-9]\\.|5\\.[1-9][0-9]\\.|[6-9]\\.)',
  '^2\\.4.*',
  'i.86',
  'x86_64|aarch64',
  '^5\\.(0|1[0-9]?|[2-9])',
  '[[:digit:]]+\\.el[89](_[0-9]+)?\\.',
  '^[^5]',
  '[]x]8',
  '[a-]m',
  '^(6\\.){1}1',
  '(1|0){3,}',
  '5{2}',
  '^$',
  'amd64$',
  '-amd64|$x',
  '()',
  'a{0}',
  '(a|b)*c?',
  '\\(',
  '.{5,9}el9',
  'REQUIRES CONFIG_VIDEO_DEV',
  '^do_not_build$',
];

function matchWithBash(pattern: string, text: string): boolean {
  const script = '[[ $2 =~ $1 ]]';
  const options = { env: { LC_ALL: 'C' } };
  const { status } = spawnSync('bash', ['-c', script, 'bash', pattern, text], options);
  assert.ok(status === 0 || status === 1, `bash cannot compile ${pattern}`);
  return status === 0;
}

const withoutBash = { skip: spawnSync('bash', ['--version']).error ? 'no bash' : false };

for (const pattern of PATTERNS) {
  test(`compileEre() matches ${pattern} as bash does`, withoutBash, () => {
    const ere = compileEre(pattern);

    assert.ok(ere, 'it was not compiled');
    for (const text of RELEASES) {
      assert.equal(ere.test(text), matchWithBash(pattern, text), text);
    }
  });
}

test('compileEre() matches made-up expressions as bash does', withoutBash, () => {
  const random = seededRandom(7);
  const pieces = [
    'a',
    'b',
    '.',
    '[ab]',
    '[^a]',
    '(a|b)',
    '(ab)*',
    'b+',
    'a?',
    '^',
    '$',
    'a{1,2}',
    '|',
  ];
  for (let i = 0; i < 60; i += 1) {
    const pattern = Array.from({ length: 1 + random(5) }, () => pieces[random(pieces.length)]).join(
      '',
    );
    const text = Array.from({ length: random(6) }, () => 'ab'[random(2)]).join('');
    // An empty alternative is for each library to take or refuse.
    if (/^\||\|$|\|\||\(\||\|\)/.test(pattern)) continue;

    assert.equal(
      compileEre(pattern)?.test(text),
      matchWithBash(pattern, text),
      `${pattern} ${text}`,
    );
  }
});

for (const pattern of [
  '(',
  'a)b(',
  '[a',
  '*a',
  'a{',
  'a{2,1}',
  'a{300}',
  '[[:nope:]]',
  '[[.a.]]',
  '\\1',
  '\\d',
  'a\\',
  '[b-a]',
]) {
  test(`compileEre() does not know ${pattern}`, () => {
    assert.equal(compileEre(pattern), undefined);
  });
}

test('compileEre() refuses what would need much room', () => {
  assert.equal(compileEre('a'.repeat(1001)), undefined);
  assert.equal(compileEre('((a{200}){200}){200}'), undefined);
  assert.equal(compileEre('('.repeat(100) + ')'.repeat(100)), undefined);
});

test('compileEre() is not slowed down by what makes others backtrack', () => {
  const steps = compileEre('^(a+)+(a|a)*(a*a*a*a*)*$');

  assert.equal(steps?.test(`${'a'.repeat(5000)}b`), false);
});
