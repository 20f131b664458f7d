import assert from 'node:assert/strict';
import test from 'node:test';
import type { Pair } from '../../lab/truth/pair.ts';
import { describeMatrix } from '../../lab/truth/report.ts';
import { comparePairs, describeSummary, summarize } from '../../lab/truth/summary.ts';
import { moduleOf } from '../support/plan-facts.ts';

const GOOD: Pair = {
  kmod: 'jool',
  variant: 'as built',
  builtFor: 'A',
  kernel: 'B',
  verdict: { kind: 'keep', why: 'built-for-this-kernel' },
  problems: [],
  linkProblems: [],
  modules: [moduleOf('jool')],
  loader: { kind: 'loads', taint: 'OE', withoutDevice: [] },
  depmod: { fits: true, complaints: [] },
  isNegative: false,
};
const FALSE_KEEP: Pair = { ...GOOD, loader: { kind: 'crashes', detail: 'BUG: x' } };
const FALSE_REBUILD: Pair = {
  ...GOOD,
  verdict: {
    kind: 'rebuild',
    why: 'no-modversions',
    donor: 'A',
    problems: { lostCount: 0, refusedCount: 0, crcCount: 0, shown: [] },
  },
  modules: [moduleOf('jool', { importsWithoutCrc: ['printk'] })],
  depmod: { fits: false, complaints: [] },
};

test('summarize() counts what is kept wrongly, rebuilt needlessly, and not explained', () => {
  const summary = summarize(comparePairs([GOOD, FALSE_KEEP, FALSE_REBUILD]));

  assert.deepEqual(summary, {
    pairs: 3,
    falseKeep: 1,
    falseRebuild: 1,
    unexplained: 1,
    classes: { 'no-modversions': 1 },
  });
  assert.equal(
    describeSummary(summary),
    'pairs: 3, false keep: 1, false rebuild: 1, unexplained: 1',
  );
});

test('describeMatrix() puts verdicts against the loader, with a part for each kind of build', () => {
  const text = describeMatrix([
    GOOD,
    FALSE_KEEP,
    FALSE_REBUILD,
    { ...GOOD, isNegative: true, variant: 'x' },
  ]);
  const rows = text
    .split('\n')
    .filter((line) => /^(keep|rebuild|broken) /.test(line))
    .map((line) => line.split(/ +/));

  assert.deepEqual(rows.slice(0, 3), [
    ['keep', '1', '0', '1', '0'],
    ['rebuild', '1', '0', '0', '0'],
    ['broken', '0', '0', '0', '0'],
  ]);
  assert.deepEqual(rows[9], ['keep', '2', '0', '1', '0'], 'the last part counts all');
});
