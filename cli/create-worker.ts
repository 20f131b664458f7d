import { DefaultLogger, type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { FailureInterceptor } from '../activities/failures.ts';
import { createAttemptFence, FenceInterceptor } from '../activities/fence-attempts.ts';
import { RoomInterceptor, type RoomRule } from '../activities/room.ts';
import { remark } from './terminal.ts';

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

/** Sends the SDK's own messages to stderr, warnings and worse only. */
export function installRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('WARN', (entry) => {
      // Most queues have activities only, on purpose.
      if (entry.message.startsWith('No workflows registered')) return;
      remark(`${entry.level} ${entry.message} ${JSON.stringify(entry.meta ?? {})}`);
    }),
    // Signals are handled in one place: cli/up.ts.
    shutdownSignals: [],
  });
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
