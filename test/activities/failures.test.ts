import assert from 'node:assert/strict';
import test from 'node:test';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { FailureInterceptor } from '../../activities/failures.ts';
import {
  ContentInvalidError,
  ContentMismatchError,
  NotFoundError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import { EngineUnavailableError } from '../../model/engine-errors.ts';
import { NoRoomError } from '../../model/room-errors.ts';

async function intercept(thrown: unknown, attempt = 1): Promise<unknown> {
  const input = { args: [], headers: {} };
  return await new FailureInterceptor({ attempt, activityType: 'buildKmod' })
    .execute(input, async () => {
      throw thrown;
    })
    .catch((error: unknown) => error);
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: write`), { code, errno: -28, syscall: 'write' });
}

const gone = new EngineUnavailableError('list containers', 'unix:///run/docker.sock', {
  cause: new Error('connect ENOENT'),
});
const grpc = Object.assign(new Error('14 UNAVAILABLE'), { code: 14, details: 'no connection' });

const CASES = [
  ['a mirror that is silent', new StreamUnreachableError('http://a', 'x'), 'mirror', 2000],
  ['a mirror in mid-sync', new ContentMismatchError('http://a', 'x'), 'mirror', 2000],
  ['an engine that went away', gone, 'engine', 2000],
  ['a disk that is too full', new NoRoomError('build "a"', '/x', 'found none'), 'disk', 15_000],
  ['another trouble of the system', systemError('EMFILE'), 'machine', 2000],
  ['Temporal that is silent', grpc, 'temporal', 2000],
  ['a thing that is not there', new NotFoundError('use', 'jool', 'x'), 'configuration', undefined],
  ['content that is wrong', new ContentInvalidError('a.rpm', 'x'), 'outcome', undefined],
  ['a broken invariant', new Error('BUG: broken'), 'bug', undefined],
  ['a mistake in the program', new TypeError('x is not a function'), 'bug', undefined],
  [
    'a fetch without an answer',
    new StreamUnreachableError('http://a', 'x', { cause: new TypeError('fetch failed') }),
    'mirror',
    2000,
  ],
] as const;

for (const [title, error, kind, pauseMs] of CASES) {
  const end = pauseMs === undefined ? 'final' : `tried again after ${pauseMs} ms`;
  test(`FailureInterceptor has ${title} ${end}`, async () => {
    const failure = await intercept(error);

    assert.ok(failure instanceof ApplicationFailure);
    assert.equal(failure.type, error.name);
    assert.equal(failure.message, error.message);
    assert.equal(failure.nonRetryable, pauseMs === undefined);
    assert.equal(failure.nextRetryDelay, pauseMs);
    assert.deepEqual(failure.details, [{ kind }]);
  });
}

test('FailureInterceptor says what could not be written where a disk got full', async () => {
  const failure = await intercept(Object.assign(systemError('ENOSPC'), { path: '/data/x' }));

  assert.ok(failure instanceof ApplicationFailure);
  assert.equal(failure.type, 'NoRoomError');
  assert.match(failure.message, /^Cannot finish "buildKmod": .*ENOSPC.*"\/data\/x"$/);
  assert.deepEqual(failure.details, [{ kind: 'disk' }]);
});

test('FailureInterceptor has pauses grow with the attempts, up to a limit', async () => {
  const pauses: unknown[] = [];
  for (const attempt of [1, 2, 3, 6, 7]) {
    const failure = await intercept(gone, attempt);
    assert.ok(failure instanceof ApplicationFailure);
    pauses.push(failure.nextRetryDelay);
  }

  assert.deepEqual(pauses, [2000, 4000, 8000, 60_000, 60_000]);
});

test('FailureInterceptor cuts a long message', async () => {
  const failure = await intercept(new NotFoundError('use', 'x'.repeat(10_000), 'expected, found'));

  assert.ok(failure instanceof ApplicationFailure);
  assert.equal(failure.message.length, 1800);
});

const passed = ApplicationFailure.create({ message: 'decided already' });
const wrapped = new TypeError('fetch failed', { cause: new Error('ECONNRESET') });

for (const thrown of [passed, wrapped, new Error('nobody knows'), new CancelledFailure('x'), 'x']) {
  test(`FailureInterceptor leaves alone what is not its to judge: ${String(thrown)}`, async () => {
    assert.equal(await intercept(thrown), thrown);
  });
}

test('FailureInterceptor passes results on', async () => {
  const interceptor = new FailureInterceptor({ attempt: 1, activityType: 'buildKmod' });

  const result = await interceptor.execute({ args: [], headers: {} }, async () => 7);

  assert.equal(result, 7);
});
