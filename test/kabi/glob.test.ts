import assert from 'node:assert/strict';
import test from 'node:test';
import { compileGlob, matchesGlob } from '../../kabi/glob.ts';
import { seededRandom } from './hostile.ts';

const CASES: readonly [pattern: string, matching: string, other: string][] = [
  ['kfree', 'kfree', 'kfree_skb'],
  ['kfree*', 'kfree_skb', 'vkfree'],

  ['drivers/*', 'drivers/nvme/host/nvme', 'arch/x86/kvm/kvm'],
  ['a?c', 'abc', 'ac'],
  ['__SC[KT]__x', '__SCT__x', '__SCX__x'],
  ['v[0-9a-c]', 'vb', 'vd'],
  ['v[!0-9]', 'va', 'v1'],
  ['v[^0-9]', 'va', 'v1'],
  ['v[]x]', 'v]', 'va'],
  ['v[-x]', 'v-', 'va'],
  ['v[x-]', 'v-', 'vy'],
  ['v[', 'v[', 'v'],
  ['a.c', 'a.c', 'abc'],
  ['a+$', 'a+$', 'aa'],
  ['*a*b', 'xxaxxb', 'xxbxxa'],
  ['a**b', 'ab', 'a'],
];
for (const [pattern, matching, other] of CASES) {
  test(`matchesGlob() matches ${pattern} with ${JSON.stringify(matching)}`, () => {
    const glob = compileGlob(pattern);

    assert.ok(matchesGlob(glob, matching));
    assert.ok(!matchesGlob(glob, other), other);
  });
}

/** The definition: try everything. */
function matchesSlowly(pattern: string, text: string): boolean {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) {
    return (
      matchesSlowly(pattern.slice(1), text) ||
      (text !== '' && matchesSlowly(pattern, text.slice(1)))
    );
  }
  const isSame = text !== '' && (pattern.startsWith('?') || pattern.charAt(0) === text.charAt(0));
  return isSame && matchesSlowly(pattern.slice(1), text.slice(1));
}

test('matchesGlob() agrees with the definition', () => {
  const random = seededRandom(7);
  const word = (letters: string) =>
    Array.from({ length: random(8) }, () => letters[random(letters.length)]).join('');
  let matchCount = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const [pattern, text] = [word('ab*?'), word('ab')];
    const expected = matchesSlowly(pattern, text);
    assert.equal(matchesGlob(compileGlob(pattern), text), expected, `${pattern} with ${text}`);
    if (expected) matchCount += 1;
  }
  assert.ok(matchCount > 1000);
});

test('matchesGlob() ends soon where a regular expression would not', () => {
  const glob = compileGlob(`${'*a'.repeat(128)}b`);

  // Trying every star again would take more steps than can be written here.
  assert.ok(!matchesGlob(glob, 'a'.repeat(4096)));
});
