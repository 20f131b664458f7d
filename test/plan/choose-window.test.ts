import assert from 'node:assert/strict';
import test from 'node:test';
import type { Pace } from '../../model/workflow-messages.ts';
import { addPace, chooseWindow } from '../../plan/choose-window.ts';

const RULE = { least: 3, most: 48 };

const CASES: readonly (readonly [what: string, paces: readonly Pace[], expected: number])[] = [
  ['the least before anything is known', [], 3],
  ['the least for builds of a minute with three seconds around them', [[63_000, 60_000]], 3],
  ['a few more for builds of four seconds', [[7000, 4000]], 4],
  ['the most for builds of milliseconds', [[2000, 12]], 48],
  ['the most for builds that took no time at all', [[2000, 0]], 48],
  [
    'what the sum of slow and quick ones gives',
    [
      [61_000, 60_000],
      [2000, 12],
    ],
    3,
  ],
];

for (const [what, paces, expected] of CASES) {
  test(`chooseWindow() chooses ${what}`, () => {
    assert.equal(chooseWindow(paces, RULE), expected);
  });
}

test('chooseWindow() never goes below the least, whatever the most is', () => {
  assert.equal(chooseWindow([[2000, 12]], { least: 9, most: 4 }), 9);
});

test('addPace() keeps the last sixteen', () => {
  let paces: readonly Pace[] = [];
  for (let index = 0; index < 20; index += 1) paces = addPace(paces, [index, index]);

  assert.equal(paces.length, 16);
  assert.deepEqual(paces.at(-1), [19, 19]);
});
