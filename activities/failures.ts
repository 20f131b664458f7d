import { ApplicationFailure } from '@temporalio/common';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import { RekmodError } from '../model/errors.ts';

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
      if (!(error instanceof RekmodError)) throw error;
      throw ApplicationFailure.create({
        type: error.name,
        message: error.message.slice(0, MAX_MESSAGE_LENGTH),
        nonRetryable: error.failureClass !== 'transient',
        details: [{ failureClass: error.failureClass }],
      });
    }
  }
}
