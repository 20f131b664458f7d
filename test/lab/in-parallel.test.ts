import assert from 'node:assert/strict';
import test from 'node:test';
import { inParallel } from '../../lab/truth/in-parallel.ts';

test('inParallel() keeps the order of the items and the bound', async () => {
  let running = 0;
  let most = 0;

  const results = await inParallel([3, 1, 2, 0], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < item; turn++) await Promise.resolve();
    running -= 1;
    return item * 10;
  });

  assert.deepEqual(results, [30, 10, 20, 0]);
  assert.equal(most, 2);
});

test('inParallel() begins nothing new after a failure', async () => {
  const begun: number[] = [];

  await assert.rejects(
    inParallel([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('no');
      return await Promise.resolve(item);
    }),
    /no/,
  );
  assert.deepEqual(begun, [1, 2]);
});
