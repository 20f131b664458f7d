import assert from 'node:assert/strict';
import test from 'node:test';
import { SpecParseError } from '../../model/parse-errors.ts';
import { effectiveLines, joinSpecLines, readSpecLines } from '../../rpm/spec-lines.ts';

const LINES: readonly [what: string, spec: string, starts: readonly number[]][] = [
  ['plain lines', 'a\nb\n\nc', [1, 2, 3, 4]],
  ['a backslash', 'a \\\nb \\\nc\nd', [1, 4]],
  ['an escaped backslash', 'a \\\\\nb', [1, 2]],
  ['a backslash before a carriage return', 'a \\\r\nb', [1, 2]],
  ['an open macro', '%{expand:\na\n}\nb', [1, 4]],
  ['braces inside of an open macro', '%{expand:\n{a}\n}\nb', [1, 4]],
  ['an open shell call', '%(a\n(b)\n)\nc', [1, 4]],
  ['an open expression', '%[1 +\n2]\nc', [1, 3]],
  ['braces and parentheses of a shell', 'f() {\n  (x\n}', [1, 2, 3]],
  ['an escaped per cent', 'kernel%%___*}\n%%{\nb', [1, 2, 3]],
  ['a macro that is never closed', 'a\n%{x\nb', [1, 2]],
];
for (const [what, spec, starts] of LINES) {
  test(`readSpecLines() reads ${what} as rpm does`, () => {
    const lines = readSpecLines(spec);

    assert.deepEqual(
      lines.map(({ number }) => number),
      starts,
    );
    assert.equal(joinSpecLines(lines), spec);
  });
}

test('readSpecLines() refuses what is larger than any spec', () => {
  assert.throws(() => readSpecLines('x'.repeat(5_000_000)), SpecParseError);
});

test('effectiveLines() drops comments and the change log', () => {
  assert.equal(effectiveLines('a\n # b\nc\n%changelog\n- d'), 'a\nc');
});
