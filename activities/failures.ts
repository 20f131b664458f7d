import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import { RekmodError } from '../model/errors.ts';
import { NoRoomError } from '../model/room-errors.ts';

/** Temporal keeps at most 4 KiB of an activity's failure; the log has the rest. */
const MAX_MESSAGE_LENGTH = 1800;

/**
 * Turns rekmod's errors into Temporal's, in one place: the class name becomes the type that
 * workflows look at, and only transient ones are tried again.
 */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      const known = describeFull(error) ?? error;
      if (!(known instanceof RekmodError)) throw error;
      throw ApplicationFailure.create({
        type: known.name,
        message: known.message.slice(0, MAX_MESSAGE_LENGTH),
        nonRetryable: known.failureClass !== 'transient',
        details: [{ failureClass: known.failureClass }],
      });
    }
  }
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** A disk that got full under the work: what was begun is removed by its own cleanup, and it is tried again. */
function describeFull(error: unknown): NoRoomError | undefined {
  if (!(error instanceof Error && 'code' in error && FULL.has(error.code))) return undefined;
  const action = `finish "${Context.current().info.activityType}"`;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'a file system';
  const detail = `expected room for what it writes, found none (${String(error.code)})`;
  return new NoRoomError(action, path, detail, { cause: error });
}
