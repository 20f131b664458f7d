import assert from 'node:assert/strict';
import test from 'node:test';
import { openLogCleaner } from '../../report/clean-text.ts';

const HOSTILE = [
  ['a colour', '\u001b[31mred\u001b[0m', '\\u{1b}[31mred\\u{1b}[0m'],
  ['a title', '\u001b]0;owned\u0007', '\\u{1b}]0;owned\\u{7}'],
  ['a link', '\u001b]8;;http://x\u001b\\', '\\u{1b}]8;;http://x\\u{1b}\\'],
  ['a control sequence of one character', '\u009b2J', '\\u{9b}2J'],
  ['marks of direction', 'a\u202eb\u2066c', 'a\\u{202e}b\\u{2066}c'],
  ['a NUL and a backspace', 'a\0b\b', 'a\\u{0}b\\u{8}'],
  ['what writes over a line', 'error\rfine', 'error\nfine'],
  ['lines of another system', 'a\r\nb\n', 'a\nb\n'],
  ['tabs and words of all languages', '\tGröße 大', '\tGröße 大'],
] as const;

for (const [name, text, expected] of HOSTILE) {
  test(`openLogCleaner() cleans ${name}, cut anywhere`, () => {
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at += 1) {
      const cleaner = openLogCleaner();
      const cleaned = cleaner.clean(bytes.subarray(0, at)) + cleaner.clean(bytes.subarray(at));

      assert.equal(cleaned, expected);
    }
  });
}

test('openLogCleaner() shows bytes that are no text', () => {
  assert.equal(openLogCleaner().clean(Uint8Array.of(0x61, 0xff, 0xfe, 0x62)), 'a\ufffd\ufffdb');
});
