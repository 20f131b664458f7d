import assert from 'node:assert/strict';
import test from 'node:test';
import type { LookedKernel } from '../../model/stream-watch.ts';
import {
  findWithdrawn,
  isOlderRevision,
  judgeLook,
  type LookFacts,
  nameLooked,
} from '../../plan/judge-look.ts';

/** Kernels by release, e.g. `427.el9_4` or `rt 427.el9_4`. */
function kernels(...names: readonly string[]): readonly LookedKernel[] {
  return names.map((name) => {
    const [release = '', flavour = 'default'] = name.split(' ').reverse();
    return { flavour, evr: { epoch: 0, version: '5.14.0', release } };
  });
}

function judge(
  before: readonly string[] | undefined,
  now: readonly string[],
  changes: Partial<LookFacts> = {},
): string {
  const facts = before === undefined ? {} : { before: kernels(...before) };
  const judgement = judgeLook({
    ...facts,
    now: kernels(...now),
    older: [],
    maxLost: 1,
    ...changes,
  });
  const lost = judgement.lost.map(({ evr }) => evr.release).join(' ');
  return `${judgement.kind} ${lost}`.trim();
}

const CASES: readonly [
  what: string,
  before: readonly string[] | undefined,
  now: readonly string[],
  expected: string,
][] = [
  ['the first look', undefined, ['1', '2'], 'accepted'],
  ['the first look that finds nothing', undefined, [], 'accepted'],
  ['the same kernels', ['1', '2'], ['1', '2'], 'accepted'],
  ['a new kernel', ['1', '2'], ['1', '2', '3'], 'accepted'],
  ['a repository that keeps the newest kernel only', ['1'], ['2'], 'accepted 1'],
  ['a newer kernel and old ones pruned', ['1', '2', '3'], ['3', '4'], 'accepted 1 2'],
  ['the newest kernel withdrawn', ['1', '2', '3'], ['1', '2'], 'accepted 3'],
  ['an old kernel deleted', ['1', '2', '3'], ['2', '3'], 'accepted 1'],
  ['a withdrawn kernel that is back', ['1', '2'], ['1', '2', '3'], 'accepted'],
  ['two kernels gone and none new', ['1', '2', '3'], ['3'], 'quarantined 1 2'],
  ['an older kernel in place of two', ['2', '3', '4'], ['1', '2'], 'quarantined 3 4'],
  ['an empty repository', ['1', '2'], [], 'quarantined 1 2'],
  ['the only kernel gone', ['1'], [], 'quarantined 1'],
  [
    'another point release',
    ['427.el9_4', '427.13.el9_4'],
    ['503.el9_5'],
    'accepted 427.el9_4 427.13.el9_4',
  ],
  ['a flavour that vanished', ['1', 'rt 1'], ['1', '2'], 'quarantined 1'],
  ['a withdrawn kernel of two flavours', ['1', '2', 'rt 1', 'rt 2'], ['1', 'rt 1'], 'accepted 2 2'],
  [
    'a newer kernel of one flavour and loss of another',
    ['1', 'rt 1', 'rt 2', 'rt 3'],
    ['2', 'rt 1'],
    'quarantined 1 2 3',
  ],
];

for (const [what, before, now, expected] of CASES) {
  test(`judgeLook() on ${what}: ${expected}`, () => {
    assert.equal(judge(before, now), expected);
  });
}

test('judgeLook() heeds how many kernels a stream may lose', () => {
  assert.equal(judge(['1', '2', '3', '4'], ['4'], { maxLost: 3 }), 'accepted 1 2 3');
  assert.equal(judge(['1', '2', '3', '4'], ['4'], { maxLost: 2 }), 'quarantined 1 2 3');
  assert.equal(judge(['1', '2'], ['1'], { maxLost: 0 }), 'quarantined 2');
  assert.equal(judge(['1', '2'], [], { maxLost: 1000 }), 'quarantined 1 2');
});

test('judgeLook() lets nothing be lost to metadata that went back in time', () => {
  const older = ['http://mirror.example.org/'];

  assert.equal(judge(['1', '2', '3'], ['1', '2'], { older }), 'stale 3');
  assert.equal(judge(['1', '2'], ['1', '2'], { older }), 'accepted');
  const judgement = judgeLook({
    ...{ before: kernels('1', '2'), now: kernels('1') },
    ...{ older, maxLost: 1 },
  });
  assert.equal(
    judgement.kind === 'stale' && judgement.sentence,
    'http://mirror.example.org/ went back in time: its metadata is older than what was accepted, and lacks 5.14.0-2',
  );
});

test('judgeLook() says what vanished, the first few by name', () => {
  const before = kernels('1', '2', '3', '4', '5', '6', '7');
  const judgement = judgeLook({ before, now: [], older: [], maxLost: 1 });

  assert.equal(
    judgement.kind === 'quarantined' && judgement.sentence,
    'all kernels of flavour "default" vanished: 5.14.0-1, 5.14.0-2, 5.14.0-3, 5.14.0-4, 5.14.0-5 and 2 more',
  );
});

test('findWithdrawn() tells what upstream took back from what merely became old', () => {
  const known = kernels('1', '2', '3', 'rt 3');

  const withdrawn = findWithdrawn(known, kernels('2', 'rt 4'));

  assert.deepEqual(withdrawn.map(nameLooked), ['default 5.14.0-3']);
  assert.deepEqual(findWithdrawn(known, kernels('4', 'rt 3')), []);
});

test('isOlderRevision() compares numbers, and nothing else', () => {
  assert.equal(isOlderRevision('1700000000', '1700000001'), true);
  assert.equal(isOlderRevision('1700000001', '1700000001'), false);
  assert.equal(isOlderRevision('999', '1700000001'), true);
  assert.equal(isOlderRevision('9.4', '9.5'), false);
  assert.equal(isOlderRevision('', '1'), false);
  assert.equal(isOlderRevision('1', undefined), false);
});
