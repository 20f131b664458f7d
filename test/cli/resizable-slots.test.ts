import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { SlotReserveContext } from '@temporalio/worker';
import { openResizableSlots } from '../../cli/resizable-slots.ts';

const CONTEXT: SlotReserveContext = {
  slotType: 'activity',
  taskQueue: 'build-x86_64',
  workerIdentity: 'test',
  workerBuildId: '',
  isSticky: false,
};

function open(count: number) {
  const slots = openResizableSlots(count);
  assert.ok('activityTaskSlotSupplier' in slots.tuner);
  const supplier = slots.tuner.activityTaskSlotSupplier;
  assert.ok(supplier.type === 'custom');
  let given = 0;
  const ask = (signal = new AbortController().signal): Promise<void> =>
    supplier.reserveSlot(CONTEXT, signal).then(() => {
      given += 1;
    });
  return {
    ...slots,
    ask,
    tryNow: () => supplier.tryReserveSlot(CONTEXT),
    release: () => supplier.releaseSlot({ permit: {} }),
    async given(): Promise<number> {
      await turn();
      return given;
    },
  };
}

test('openResizableSlots() gives as many slots as there are, and the next when one comes back', async () => {
  const slots = open(2);

  void slots.ask();
  void slots.ask();
  void slots.ask();

  assert.equal(await slots.given(), 2);
  assert.equal(slots.tryNow(), null);
  slots.release();
  assert.equal(await slots.given(), 3);
});

test('openResizableSlots() gives waiting ones a slot at once when there are more', async () => {
  const slots = open(1);
  for (let asked = 0; asked < 4; asked += 1) void slots.ask();
  assert.equal(await slots.given(), 1);

  slots.resize(3);

  assert.equal(await slots.given(), 3);
});

test('openResizableSlots() gives none until so many came back as there are too many', async () => {
  const slots = open(3);
  for (let asked = 0; asked < 4; asked += 1) void slots.ask();
  assert.equal(await slots.given(), 3);

  slots.resize(1);
  slots.release();
  slots.release();

  assert.equal(await slots.given(), 3);
  slots.release();
  assert.equal(await slots.given(), 4);
});

test('openResizableSlots() lets go who does not want a slot any more, and loses none', async () => {
  const slots = open(1);
  void slots.ask();
  const ending = new AbortController();
  const asked = slots.ask(ending.signal);

  ending.abort();

  await assert.rejects(asked, { name: 'AbortError' });
  await assert.rejects(slots.ask(ending.signal), { name: 'AbortError' });
  slots.release();
  assert.ok(slots.tryNow());
});
