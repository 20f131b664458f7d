import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUntil } from '../../cli/parse-until.ts';

const NOW = new Date('2026-11-23T12:00:00.000Z');

const ENDS: readonly (readonly [string, string])[] = [
  ['36h', '2026-11-25T00:00:00.000Z'],
  ['14d', '2026-12-07T12:00:00.000Z'],
  ['2026-12-24', '2026-12-24T23:59:59.999Z'],
  ['2026-12-24T18:00Z', '2026-12-24T18:00:00.000Z'],
  ['2026-12-24T18:00:30+01:00', '2026-12-24T17:00:30.000Z'],
];

for (const [text, expected] of ENDS) {
  test(`parseUntil() reads ${text}`, () => {
    assert.equal(parseUntil(text, NOW), expected);
  });
}

for (const text of ['', 'tomorrow', '2026-13-01', '2026-12-24T18:00', '14', '-3d', '2026-02-31x']) {
  test(`parseUntil() refuses "${text}"`, () => {
    assert.throws(() => parseUntil(text, NOW), /Expected a duration such as "14d"/);
  });
}
