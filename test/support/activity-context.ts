import { asyncLocalStorage, Context, type Info } from '@temporalio/activity';
import { type Logger, noopMetricMeter } from '@temporalio/common';

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

// Not the worker's own logger: its package takes most of a second to load.
const SILENT: Logger = {
  log: () => undefined,
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Runs work as an activity's: `Context.current()` is there, and is cancelled with the signal. */
export async function inActivity<T>(
  work: () => Promise<T>,
  signal: AbortSignal = new AbortController().signal,
  changes: Partial<Info> = {},
): Promise<T> {
  const cancelled = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });
  cancelled.catch(() => undefined);
  const context = new Context(
    { ...INFO, ...changes },
    cancelled,
    signal,
    () => undefined,
    undefined,
    SILENT,
    noopMetricMeter,
    {},
  );
  return await asyncLocalStorage.run(context, work);
}
