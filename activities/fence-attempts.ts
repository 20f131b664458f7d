import { setTimeout as delay } from 'node:timers/promises';
import { Context, type Info } from '@temporalio/activity';
import type {
  ActivityExecuteInput,
  ActivityInboundCallsInterceptor,
  Next,
} from '@temporalio/worker';
import { AttemptOverlapError } from '../model/activity-errors.ts';

/** What tells attempts apart. */
export type AttemptInfo = Pick<Info, 'activityId' | 'activityType' | 'attempt'> & {
  readonly workflowExecution?: { readonly workflowId: string; readonly runId: string };
};

/** Lets no two attempts at the same work run at once in this process. */
export interface AttemptFence {
  /**
   * Runs an attempt after all that it replaces have ended: earlier attempts at the same activity, and
   * activities of other runs of the same workflow id.
   *
   * @param onWait Called from time to time while it waits, e.g. to send a heartbeat.
   * @throws {AttemptOverlapError} If one of those has not ended within the patience.
   */
  run<T>(info: AttemptInfo, work: () => Promise<T>, onWait: () => void): Promise<T>;
}

interface RunningAttempt {
  readonly info: AttemptInfo;
  readonly ended: Promise<unknown>;
}

/** As long as a container takes to be removed from a busy engine. */
const PATIENCE_MS = 60_000;
const WAIT_STEP_MS = 1000;

/**
 * Temporal takes the result of the newest attempt alone, but knows nothing of files: an attempt whose
 * worker slept (SIGSTOP, a suspended machine, a Temporal that was away) wakes up and goes on writing until
 * it learns that it was given up. So the newer one waits for its end, and there is never a second writer.
 */
export function createAttemptFence(patienceMs: number = PATIENCE_MS): AttemptFence {
  const running = new Map<string, Set<RunningAttempt>>();

  const findEarlier = (info: AttemptInfo, key: string): RunningAttempt | undefined =>
    [...(running.get(key) ?? [])].find((other) => replaces(info, other.info));

  return {
    async run(info, work, onWait) {
      const key = info.workflowExecution?.workflowId;
      if (key === undefined) return await work();
      const startedAt = performance.now();
      // Nothing may come between the last look and the begin, so the loop is not a function of its own.
      for (let other = findEarlier(info, key); other; other = findEarlier(info, key)) {
        if (performance.now() - startedAt > patienceMs) {
          throw new AttemptOverlapError(info.activityType, info.attempt, other.info.attempt);
        }
        onWait();
        await waitAWhile(other.ended);
      }
      const attempts = running.get(key) ?? new Set();
      running.set(key, attempts);
      const own = { info, ended: work() };
      attempts.add(own);
      try {
        return await own.ended;
      } finally {
        attempts.delete(own);
        if (attempts.size === 0) running.delete(key);
      }
    },
  };
}

/** Waits for the end of work, however it ends, but not for long. */
async function waitAWhile(work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const end = (): void => timer.abort();
  work.then(end, end);
  await delay(WAIT_STEP_MS, undefined, { signal: timer.signal }).catch(() => undefined);
}

function replaces(info: AttemptInfo, other: AttemptInfo): boolean {
  if (info.workflowExecution?.runId !== other.workflowExecution?.runId) return true;
  return info.activityId === other.activityId;
}

/** Holds the fence before each activity of a worker; the first of its interceptors. */
export class FenceInterceptor implements ActivityInboundCallsInterceptor {
  readonly #fence: AttemptFence;

  constructor(fence: AttemptFence) {
    this.#fence = fence;
  }

  async execute(
    input: ActivityExecuteInput,
    next: Next<ActivityInboundCallsInterceptor, 'execute'>,
  ): Promise<unknown> {
    const context = Context.current();
    context.cancellationSignal.throwIfAborted();
    const work = (): Promise<unknown> => next(input);
    return await this.#fence.run(context.info, work, () => context.heartbeat());
  }
}
