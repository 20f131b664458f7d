import assert from 'node:assert/strict';
import test from 'node:test';
import { countRetained } from '../../lab/month/count-retained.ts';
import { findDoubted } from '../../lab/month/find-doubted.ts';
import { faultAt, listedBy, offeredAt } from '../../lab/month/mirror-state.ts';
import { evrOf } from '../../lab/month/month-events.ts';
import { MONTH_STREAMS } from '../../lab/month/month-streams.ts';
import { listScenes } from '../../lab/month/scenes.ts';
import { writeMonth } from '../../lab/month/write-month.ts';

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];

test('writeMonth() writes the same for the same seed, and another script for another one', () => {
  const script = writeMonth({ days: 30, seed: 7 });

  assert.deepEqual(writeMonth({ days: 30, seed: 7 }), script);
  assert.notDeepEqual(writeMonth({ days: 30, seed: 8 }), script);
});

for (const days of [3, 30]) {
  test(`writeMonth() has every kind of scene within ${days} days, whatever the seed`, () => {
    const scenes = [...new Set(MONTH_STREAMS.flatMap(listScenes))];
    for (const seed of SEEDS) {
      const { events, polls } = writeMonth({ days, seed });
      const played = new Set(events.map(({ scene }) => scene));
      assert.deepEqual(
        [...scenes, 'mended', 'restart'].filter((scene) => !played.has(scene)),
        [],
        `seed ${seed}`,
      );
      assert.ok(events.every(({ atPoll }) => atPoll >= 0 && atPoll < polls));
    }
  });
}

test('writeMonth() leaves no kmod broken at the end', () => {
  for (const seed of SEEDS) {
    const { events, polls } = writeMonth({ days: 30, seed });
    const newest = new Map(
      events.flatMap((event) =>
        event.kind === 'source' ? [[event.kmod, event.version] as const] : [],
      ),
    );
    const offered = MONTH_STREAMS.flatMap(({ name }) => offeredAt(events, name, polls));
    const broken = offered.filter(({ kernel }) =>
      Object.entries(kernel.oldestSource).some(
        ([kmod, oldest]) => (newest.get(kmod) ?? 1) < oldest,
      ),
    );
    assert.deepEqual(broken, [], `seed ${seed}`);
  }
});

test('writeMonth() releases the kernels of a stream in their order', () => {
  for (const seed of SEEDS) {
    const { events } = writeMonth({ days: 30, seed });
    for (const { name } of MONTH_STREAMS) {
      const numbers = events.flatMap((event) =>
        event.kind === 'release' && event.kernel.stream === name ? [event.kernel.number] : [],
      );
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
        `seed ${seed}, ${name}`,
      );
    }
  }
});

test('findDoubted() finds what a clear-out took until the next kernel comes, and no recalled one', () => {
  const { events, polls } = writeMonth({ days: 30, seed: 1, pollsADay: 6 });
  const clearOut = events.find((event) => event.kind === 'clear-out');
  assert.ok(clearOut?.kind === 'clear-out');
  const { stream, atPoll } = clearOut;
  const next = events.find(
    (event) => event.kind === 'release' && event.atPoll > atPoll && event.kernel.stream === stream,
  );
  assert.ok(next);
  const countAt = (poll: number) => findDoubted(events, stream, poll).length;

  assert.deepEqual([atPoll - 1, atPoll, next.atPoll - 1, next.atPoll].map(countAt), [0, 5, 5, 0]);
  for (const recall of events.filter(({ kind }) => kind === 'recall')) {
    if (recall.kind === 'recall')
      assert.deepEqual(findDoubted(events, recall.stream, recall.atPoll), []);
  }
  assert.deepEqual(findDoubted(events, 'leap', polls), []);
});

test('countRetained() counts what is offered, and for a while what was', () => {
  const { events } = writeMonth({ days: 30, seed: 1, pollsADay: 6 });
  const clearOut = events.find(({ kind }) => kind === 'clear-out')?.atPoll ?? 0;
  const offeredCount = (poll: number): number =>
    MONTH_STREAMS.reduce(
      (sum, { name, flavours }) => sum + offeredAt(events, name, poll).length * flavours.length,
      0,
    );

  assert.equal(countRetained(events, 0), offeredCount(0));
  assert.ok(countRetained(events, clearOut) >= offeredCount(clearOut) + 5);
  // Of quiet days only what is offered is left.
  const quiet = clearOut + 400;
  assert.equal(countRetained(events, quiet), offeredCount(quiet));
});

test('offeredAt() keeps on a mirror what the vendor keeps, and takes back what is recalled', () => {
  const { events, polls } = writeMonth({ days: 30, seed: 1 });
  const recall = events.find((event) => event.kind === 'recall');
  assert.ok(recall?.kind === 'recall');

  const evrs = offeredAt(events, recall.stream, recall.atPoll).map(({ kernel }) => evrOf(kernel));

  assert.ok(!evrs.includes(recall.evr));
  assert.equal(offeredAt(events, 'fc', polls).length, 1);
  assert.equal(offeredAt(events, 'leap', polls).length, 3);
});

test('faultAt() begins and ends with its disturbance, and a shrunk mirror lists one kernel', () => {
  const { events } = writeMonth({ days: 30, seed: 1 });
  const shrunk = events.find((event) => event.kind === 'disturbance' && event.how === 'shrunk');
  assert.ok(shrunk?.kind === 'disturbance');
  const { stream, atPoll, polls } = shrunk;

  const fault = faultAt(events, stream, atPoll);

  assert.equal(fault?.how, 'shrunk');
  assert.equal(listedBy(offeredAt(events, stream, atPoll), fault).length, 1);
  assert.notEqual(faultAt(events, stream, atPoll + polls)?.how, 'shrunk');
});
