import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openSteadyClock, readMachineClock } from '../../activities/steady-clock.ts';
import type { ClockReading } from '../../model/clock.ts';
import { makeScratch } from '../support/scratch.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const START = Date.parse('2026-11-23T12:00:00.000Z');

/** A machine whose clocks a test moves. */
function makeMachine() {
  let reading: ClockReading = { bootId: 'a', uptimeMs: 0, wallMs: START };
  return {
    read: () => reading,
    pass(ms: number) {
      reading = { ...reading, uptimeMs: reading.uptimeMs + ms, wallMs: reading.wallMs + ms };
    },
    jump(ms: number) {
      reading = { ...reading, wallMs: reading.wallMs + ms };
    },
  };
}

test('openSteadyClock() keeps the old time through a jump until upkeeps have agreed with the new one', async () => {
  await using scratch = await makeScratch();
  const machine = makeMachine();
  const clock = await openSteadyClock(scratch.at('clock.json'), machine.read);
  await clock.note();
  machine.pass(HOUR_MS);
  assert.equal(clock.now().getTime(), START + HOUR_MS);

  machine.jump(YEAR_MS);
  for (const _ of [1, 2]) {
    await clock.note();
    assert.equal(clock.jumpMs(), YEAR_MS);
    assert.ok(clock.now().getTime() < START + 4 * HOUR_MS);
    machine.pass(HOUR_MS);
  }
  await clock.note();

  assert.equal(clock.jumpMs(), 0);
  assert.equal(clock.now().getTime(), machine.read().wallMs);
});

test('openSteadyClock() remembers the time across processes, and believes a person who removes the record', async () => {
  await using scratch = await makeScratch();
  const file = scratch.at('clock.json');
  const machine = makeMachine();
  await (await openSteadyClock(file, machine.read)).note();
  machine.jump(YEAR_MS);

  const doubtful = await openSteadyClock(file, machine.read);
  await rm(file);
  const trusting = await openSteadyClock(file, machine.read);

  assert.deepEqual([doubtful.jumpMs(), trusting.jumpMs()], [YEAR_MS, 0]);
});

test('openSteadyClock() goes on without a record that is torn', async () => {
  await using scratch = await makeScratch();
  const file = scratch.at('clock.json');
  await writeFile(file, '');

  const clock = await openSteadyClock(file, makeMachine().read);
  await clock.note();

  assert.equal(clock.jumpMs(), 0);
});

test('readMachineClock() reads the same boot twice, and a time that goes on', () => {
  const [first, second] = [readMachineClock(), readMachineClock()];

  assert.equal(first.bootId, second.bootId);
  assert.ok(first.uptimeMs > 0 && second.uptimeMs >= first.uptimeMs);
});
