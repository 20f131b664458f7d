import {
  DefaultLogger,
  type NativeConnection,
  Runtime,
  type TelemetryOptions,
  Worker,
} from '@temporalio/worker';
import { FailureInterceptor } from '../activities/failures.ts';
import { createAttemptFence, FenceInterceptor } from '../activities/fence-attempts.ts';
import { RoomInterceptor, type RoomRule } from '../activities/room.ts';
import { toLogFields } from '../report/log-fields.ts';
import type { Log } from './log.ts';

/** How workers reach Temporal. */
export interface WorkerConnection {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** What must be free before an activity begins that fills disks; nothing is looked at when absent. */
  readonly room?: RoomRule;
}

/** Workers of one process, one for each task queue. */
export interface Workers {
  /** Ends when all have ended; rejects when one fails. */
  readonly done: Promise<void>;
  /** Takes no more work, cancels what runs and waits for it. */
  stop(): Promise<void>;
}

const SHUTDOWN_FORCE_MS = 30_000;

/** One for all workers of the process: a workflow's activities are on several queues. */
const fence = createAttemptFence();

/**
 * Sends the SDK's own messages to the log: all where the log tells everything, otherwise warnings and worse.
 *
 * @param metricsAddress Where the SDK serves its metrics, e.g. `127.0.0.1:40123`; nowhere when absent.
 */
export function installRuntime(log: Log, metricsAddress?: string): void {
  Runtime.install({
    logger: new DefaultLogger(log.level === 'debug' ? 'DEBUG' : 'WARN', (entry) => {
      // Most queues have activities only, on purpose.
      if (entry.message.startsWith('No workflows registered')) return;
      log.write(LEVELS[entry.level], entry.message, toLogFields(entry.meta ?? {}));
    }),
    ...(metricsAddress === undefined ? {} : { telemetryOptions: toTelemetry(metricsAddress) }),
    // Signals are handled in one place: cli/up.ts.
    shutdownSignals: [],
  });
}

const LEVELS = {
  TRACE: 'debug',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** In the units and with the suffixes that Prometheus' conventions want. */
function toTelemetry(bindAddress: string): TelemetryOptions {
  const suffixes = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };
  return { metrics: { prometheus: { bindAddress, ...suffixes } } };
}

type OwnOptions = Omit<Parameters<typeof Worker.create>[0], 'taskQueue' | 'connection'>;

/** Makes the worker of a task queue; it does nothing before {@link runWorkers}. */
export async function createWorker(
  { connection, namespace, room }: WorkerConnection,
  taskQueue: string,
  own: OwnOptions,
): Promise<Worker> {
  return await Worker.create({
    connection,
    namespace,
    taskQueue,
    // Cancellation comes with heartbeats; a slow rhythm would make it slow.
    maxHeartbeatThrottleInterval: 3000,
    defaultHeartbeatThrottleInterval: 3000,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
    interceptors: {
      activity: [
        ({ info }) => ({ inbound: new FailureInterceptor(info) }),
        () => ({ inbound: new FenceInterceptor(fence) }),
        ...(room ? [() => ({ inbound: new RoomInterceptor(room) })] : []),
      ],
    },
    ...own,
  });
}

/** Lets workers work until they are stopped. */
export function runWorkers(workers: readonly Worker[]): Workers {
  const runs = workers.map((worker) => worker.run());
  return {
    done: Promise.all(runs).then(() => undefined),
    async stop() {
      for (const worker of workers) {
        if (worker.getState() === 'RUNNING') worker.shutdown();
      }
      await Promise.allSettled(runs);
    },
  };
}
