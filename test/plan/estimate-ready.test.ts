import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EstimatedCell, estimateReady } from '../../plan/estimate-ready.ts';

const RELEASES = ['1', '2', '3'];

function cell(
  kmod: string,
  release: string,
  rest: Omit<EstimatedCell, 'kmod' | 'release' | 'stream'>,
) {
  return { stream: 'lab', kmod, release, ...rest };
}

const MEASURED = [
  cell('zfs', '1', { state: 'other', durationMs: 600_000 }),
  cell('jool', '1', { state: 'other', durationMs: 10_000 }),
  cell('jool', '2', { state: 'other', durationMs: 30_000 }),
];

test('estimateReady() takes the median of a kmod, and at least the longest build', () => {
  const cells = [
    ...MEASURED,
    cell('zfs', '3', { state: 'todo' }),
    cell('jool', '3', { state: 'todo' }),
  ];
  const three = estimateReady(cells, RELEASES, 2).get('3');
  assert.deepEqual(three, { remainingMs: 600_000, measuredBuilds: 3 });
  assert.equal(estimateReady(cells, RELEASES, 1).get('3')?.remainingMs, 630_000);
});

test('estimateReady() has newer kernels built first', () => {
  const cells = [
    ...MEASURED,
    cell('jool', '2', { state: 'todo' }),
    cell('jool', '3', { state: 'todo' }),
  ];
  const estimates = estimateReady(cells, RELEASES, 1);
  assert.equal(estimates.get('3')?.remainingMs, 30_000);
  assert.equal(estimates.get('2')?.remainingMs, 60_000);
  assert.equal(estimates.get('1'), undefined, 'nothing is to be done there');
});

test('estimateReady() takes what all kmods took for one that was never built', () => {
  const cells = [...MEASURED, cell('new', '3', { state: 'todo' })];
  assert.equal(estimateReady(cells, RELEASES, 4).get('3')?.remainingMs, 30_000);
});

test('estimateReady() guesses nothing without a measured build', () => {
  assert.equal(estimateReady([cell('new', '3', { state: 'todo' })], RELEASES, 4).size, 0);
  assert.equal(estimateReady(MEASURED, RELEASES, 4).size, 0);
});
