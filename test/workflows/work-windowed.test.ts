import assert from 'node:assert/strict';
import test from 'node:test';
import { workWindowed } from '../../workflows/work-windowed.ts';

test('workWindowed() begins items in order, never more at once than the window of that moment', async () => {
  const begun: number[] = [];
  let running = 0;
  let most = 0;

  const count = await workWindowed({
    items: Array.from({ length: 20 }, (_, index) => index),
    window: () => (begun.length < 8 ? 2 : 5),
    isEnough: () => false,
    async work(item) {
      begun.push(item);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    },
  });

  assert.equal(count, 20);
  assert.deepEqual(
    begun,
    [...begun].sort((a, b) => a - b),
  );
  assert.equal(most, 5);
});

test('workWindowed() waits for what was begun when it is enough, and tells how many that were', async () => {
  const ended: number[] = [];
  let isEnough = false;

  const count = await workWindowed({
    items: [1, 2, 3, 4, 5],
    window: () => 2,
    isEnough: () => isEnough,
    async work(item) {
      await new Promise((resolve) => setImmediate(resolve));
      ended.push(item);
      isEnough = true;
    },
  });

  assert.equal(count, 2);
  assert.deepEqual(ended, [1, 2]);
});

test('workWindowed() ends with the first failure', async () => {
  const failing = workWindowed({
    items: [1, 2, 3],
    window: () => 1,
    isEnough: () => false,
    work: (item) => (item === 2 ? Promise.reject(new Error('no')) : Promise.resolve()),
  });

  await assert.rejects(failing, /^Error: no$/);
});

test('workWindowed() of nothing ends at once', async () => {
  const nothing = { items: [], window: () => 1, isEnough: () => false };

  assert.equal(await workWindowed({ ...nothing, work: () => Promise.resolve() }), 0);
});
