import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createOneAtATime } from '../../activities/one-at-a-time.ts';

test('createOneAtATime() runs work on one thing in turn, and on others beside it', async () => {
  const oneAtATime = createOneAtATime();
  const events: string[] = [];
  const work = (name: string, ms: number) => async () => {
    events.push(`${name} begins`);
    await delay(ms);
    events.push(`${name} ends`);
    return name;
  };

  const results = await Promise.all([
    oneAtATime('kmods', work('first', 40)),
    oneAtATime('kmods', work('second', 1)),
    oneAtATime('other', work('beside', 1)),
  ]);

  assert.deepEqual(results, ['first', 'second', 'beside']);
  assert.deepEqual(
    events.filter((event) => !event.startsWith('beside')),
    ['first begins', 'first ends', 'second begins', 'second ends'],
  );
  assert.ok(events.indexOf('beside ends') < events.indexOf('first ends'));
});

test('createOneAtATime() goes on after work that failed, which fails for its caller alone', async () => {
  const oneAtATime = createOneAtATime();

  const failed = oneAtATime('kmods', () => Promise.reject(new Error('disk full')));
  const next = oneAtATime('kmods', async () => 'done');

  await assert.rejects(failed, /disk full/);
  assert.equal(await next, 'done');
});
