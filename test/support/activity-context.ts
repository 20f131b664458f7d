import { asyncLocalStorage, Context, type Info } from '@temporalio/activity';
import { noopMetricMeter } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';

/** Who the activity's record will say it was done for. */
export const EXECUTION = { workflowId: 'rebuild/jool/lab/6.1', runId: '01a20888-ea51-793d-a8cb' };

const INFO: Info = {
  taskToken: new Uint8Array(),
  base64TaskToken: '',
  activityId: '1',
  activityType: 'test',
  activityNamespace: 'default',
  attempt: 1,
  isLocal: false,
  workflowExecution: EXECUTION,
  scheduledTimestampMs: 0,
  scheduleToCloseTimeoutMs: 0,
  startToCloseTimeoutMs: 0,
  currentAttemptScheduledTimestampMs: 0,
  heartbeatDetails: undefined,
  taskQueue: 'control',
  namespace: 'default',
  inWorkflow: true,
};

/** Runs work as an activity's: `Context.current()` is there, and is cancelled with the signal. */
export async function inActivity<T>(
  work: () => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
): Promise<T> {
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  cancelled.catch(() => undefined);
  const log = new DefaultLogger('ERROR', () => undefined);
  const context = new Context(
    INFO,
    cancelled,
    signal,
    () => undefined,
    undefined,
    log,
    noopMetricMeter,
    {},
  );
  return await asyncLocalStorage.run(context, work);
}
