import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AttemptInfo, createAttemptFence } from '../../activities/fence-attempts.ts';
import { AttemptOverlapError } from '../../model/activity-errors.ts';

const WORKFLOW = { workflowId: 'rebuild/jool/lab/6.1', runId: 'first' };

function attempt(changes: Partial<AttemptInfo> = {}): AttemptInfo {
  return {
    ...{ activityId: '1', activityType: 'buildKmod', attempt: 1, workflowExecution: WORKFLOW },
    ...changes,
  };
}

/** Work that its test ends, and which says when it began and ended. */
function driveWork(said: string[], name: string) {
  let end = (): void => undefined;
  const wait = new Promise<void>((resolve) => {
    end = resolve;
  });
  const work = async (): Promise<void> => {
    said.push(`${name} begins`);
    await wait;
    said.push(`${name} ends`);
  };
  return { work, end };
}

test('createAttemptFence() has an attempt wait for the end of the one that it replaces', async () => {
  const fence = createAttemptFence();
  const said: string[] = [];
  const old = driveWork(said, 'old');
  const fresh = driveWork(said, 'new');
  let waits = 0;

  const first = fence.run(attempt(), old.work, () => undefined);
  const second = fence.run(attempt({ attempt: 2 }), fresh.work, () => {
    waits += 1;
    fresh.end();
    old.end();
  });
  await Promise.all([first, second]);

  assert.deepEqual(said, ['old begins', 'old ends', 'new begins', 'new ends']);
  assert.equal(waits, 1);
});

test('createAttemptFence() has a run wait for what a run before it left', async () => {
  const fence = createAttemptFence();
  const said: string[] = [];
  const old = driveWork(said, 'old');
  const workflowExecution = { ...WORKFLOW, runId: 'second' };

  const first = fence.run(attempt({ activityId: '7' }), old.work, () => undefined);
  const second = fence.run(
    attempt({ workflowExecution }),
    async () => void said.push('new'),
    old.end,
  );
  await Promise.all([first, second]);

  assert.deepEqual(said, ['old begins', 'old ends', 'new']);
});

test('createAttemptFence() lets other activities of the run and other workflows go on', async () => {
  const fence = createAttemptFence();
  const said: string[] = [];
  const slow = driveWork(said, 'slow');
  const other = { ...WORKFLOW, workflowId: 'rebuild/zfs/lab/6.1' };

  const first = fence.run(attempt(), slow.work, () => undefined);
  const fail = (): void => assert.fail('waited');
  await fence.run(attempt({ activityId: '2' }), async () => void said.push('same run'), fail);
  await fence.run(
    attempt({ workflowExecution: other }),
    async () => void said.push('other workflow'),
    fail,
  );
  slow.end();
  await first;

  assert.deepEqual(said, ['slow begins', 'same run', 'other workflow', 'slow ends']);
});

test('createAttemptFence() refuses an attempt when the one before it does not end', async () => {
  const fence = createAttemptFence(0);
  const hung = driveWork([], 'hung');
  const first = fence.run(attempt(), hung.work, () => undefined);

  await assert.rejects(
    fence.run(
      attempt({ attempt: 2 }),
      () => assert.fail('began'),
      () => undefined,
    ),
    (error) =>
      error instanceof AttemptOverlapError &&
      error.message ===
        'Cannot begin attempt 2 at "buildKmod": expected attempt 1 to have ended, found it still running',
  );
  hung.end();
  await first;
});

test('createAttemptFence() takes an attempt that failed for one that has ended', async () => {
  const fence = createAttemptFence();
  const fail = (): void => assert.fail('waited');
  const failed = fence.run(attempt(), () => Promise.reject(new Error('no')), fail);

  await assert.rejects(failed, /no/);
  assert.equal(await fence.run(attempt({ attempt: 2 }), () => Promise.resolve('yes'), fail), 'yes');
});
