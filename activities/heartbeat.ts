import { Context } from '@temporalio/activity';

/** Sent at a fraction of the heartbeat time-out, so that cancellation arrives within seconds. */
const HEARTBEAT_INTERVAL_MS = 3000;

/**
 * Runs work under a heartbeat, which is also how a cancellation reaches it.
 *
 * @param work Gets the signal that is aborted when the activity is cancelled or timed out.
 */
export async function withHeartbeat<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => context.heartbeat(), HEARTBEAT_INTERVAL_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
