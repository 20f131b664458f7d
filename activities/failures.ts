import { ApplicationFailure } from '@temporalio/common';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import type { FailureKind } from '../model/errors.ts';
import { NoRoomError } from '../model/room-errors.ts';
import { pauseAfter } from '../plan/failure-policies.ts';
import { classifyError } from './classify-error.ts';

/** Temporal keeps at most 4 KiB of an activity's failure; the log has the rest. */
const MAX_MESSAGE_LENGTH = 1800;

/** The attempt that is about to run, from 1, and at what. */
export interface AttemptInfo {
  readonly attempt: number;
  readonly activityType: string;
}

/** What an activity's failure tells workflows besides its type. */
export interface FailureDetail {
  readonly kind: FailureKind;
}

/**
 * Turns errors into Temporal's, in one place: the class name becomes the type that workflows look at, and
 * whether and when the call is made again is what `FAILURE_POLICIES` says of the error's kind.
 */
export class FailureInterceptor implements ActivityInboundCallsInterceptor {
  readonly #info: AttemptInfo;

  constructor(info: AttemptInfo) {
    this.#info = info;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    try {
      return await next(input);
    } catch (error) {
      const known = describeFull(error, this.#info) ?? error;
      const kind = classifyError(known);
      if (kind === undefined || !(known instanceof Error)) throw error;
      const pauseMs = pauseAfter(kind, this.#info.attempt);
      const detail: FailureDetail = { kind };
      throw ApplicationFailure.create({
        type: known.name,
        message: known.message.slice(0, MAX_MESSAGE_LENGTH),
        nonRetryable: pauseMs === undefined,
        ...(pauseMs === undefined ? {} : { nextRetryDelay: pauseMs }),
        details: [detail],
      });
    }
  }
}

const FULL: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

/** A disk that got full under the work: what was begun is removed by its own cleanup, and it is tried again. */
function describeFull(error: unknown, { activityType }: AttemptInfo): NoRoomError | undefined {
  if (!(error instanceof Error && 'code' in error && FULL.has(error.code))) return undefined;
  const action = `finish "${activityType}"`;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : 'a file system';
  const detail = `expected room for what it writes, found none (${String(error.code)})`;
  return new NoRoomError(action, path, detail, { cause: error });
}
