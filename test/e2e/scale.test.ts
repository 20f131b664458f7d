import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { measureHistories } from '../../lab/bench/ask-temporal.ts';
import { createFastWorld } from '../../lab/fast/fast-world.ts';
import { removeWorld } from '../../lab/world.ts';

const CELL_COUNT = 104;
const GOOD_COUNT = 16;
/** A rebuild as a child: begun, started, ended, and the workflow tasks of each. */
const MOST_EVENTS_OF_A_CELL = 12;

test('a rollout of more cells than travel in one plan ends with one outcome each, in a bounded history', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-scale-'));
  const kmods = Array.from({ length: CELL_COUNT }, (_, index) => ({
    name: `fast-${`${index}`.padStart(3, '0')}`,
    ...(index < GOOD_COUNT
      ? {}
      : { script: [{ end: 'failed', log: 'a.c:1:1: error: no' } as const] }),
  }));
  const world = await createFastWorld({
    directory,
    kmods,
    kernels: [{ spelling: '5.14.0-1.el9' }],
  });
  try {
    await world.up();
    const { cells } = await world.waitFor(
      'all cells',
      (report) =>
        report.cells.length === CELL_COUNT &&
        report.cells.every(({ state }) => state === 'built' || state === 'failed'),
      120_000,
    );

    assert.equal(cells.filter(({ state }) => state === 'built').length, GOOD_COUNT);
    assert.equal(new Set(cells.map(({ kmod }) => kmod)).size, CELL_COUNT);
    const sizes = await measureHistories(world.temporalAddress);
    const rollout = sizes.find(({ type }) => type === 'rolloutKernel');
    assert.ok((rollout?.eventCount ?? Infinity) < MOST_EVENTS_OF_A_CELL * CELL_COUNT);
    const rebuilds = sizes.filter(({ type }) => type === 'rebuildKmod');
    assert.equal(rebuilds.length, CELL_COUNT);
  } finally {
    await world[Symbol.asyncDispose]();
    await removeWorld(directory);
  }
});
