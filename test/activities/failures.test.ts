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

async function intercept(thrown: unknown): Promise<unknown> {
  const input = { args: [], headers: {} };
  return await new FailureInterceptor()
    .execute(input, async () => {
      throw thrown;
    })
    .catch((error: unknown) => error);
}

const CASES = [
  [new StreamUnreachableError('http://a', 'expected, found'), true, 'transient'],
  [new ContentMismatchError('http://a', 'expected, found'), true, 'transient'],
  [new NotFoundError('use', 'jool', 'expected, found'), false, 'configuration'],
  [new ContentInvalidError('a.rpm', 'expected, found'), false, 'outcome'],
] as const;

for (const [error, isRetried, failureClass] of CASES) {
  test(`FailureInterceptor maps ${error.name}: ${isRetried ? 'tried again' : 'final'}`, async () => {
    const failure = await intercept(error);

    assert.ok(failure instanceof ApplicationFailure);
    assert.equal(failure.type, error.name);
    assert.equal(failure.message, error.message);
    assert.equal(failure.nonRetryable, !isRetried);
    assert.deepEqual(failure.details, [{ failureClass }]);
  });
}

test('FailureInterceptor cuts a long message', async () => {
  const failure = await intercept(new NotFoundError('use', 'x'.repeat(10_000), 'expected, found'));

  assert.ok(failure instanceof ApplicationFailure);
  assert.equal(failure.message.length, 1800);
});

for (const thrown of [new Error('BUG: broken'), new CancelledFailure('by hand'), 'text']) {
  test(`FailureInterceptor leaves alone what is not rekmod's: ${String(thrown)}`, async () => {
    assert.equal(await intercept(thrown), thrown);
  });
}

test('FailureInterceptor passes results on', async () => {
  const result = await new FailureInterceptor().execute({ args: [], headers: {} }, async () => 7);

  assert.equal(result, 7);
});
