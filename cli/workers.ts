import { DefaultLogger, type NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { type AssessDeps, assessActivities } from '../activities/assess.ts';
import { type BuildDeps, buildActivities } from '../activities/build.ts';
import { FailureInterceptor } from '../activities/failures.ts';
import { type HandOverDeps, handOverActivities } from '../activities/hand-over.ts';
import { kernelActivities } from '../activities/kernels.ts';
import { type LoadTestDeps, loadTestActivities } from '../activities/load-test/load-test.ts';
import { outcomeActivities } from '../activities/outcomes.ts';
import { type PublishDeps, publishActivities } from '../activities/publish.ts';
import { type SignDeps, signActivities } from '../activities/sign.ts';
import { signMetadataActivities } from '../activities/sign-metadata.ts';
import { type VerifyDeps, verifyActivities } from '../activities/verify.ts';
import { type VerifySignedDeps, verifySignedActivities } from '../activities/verify-signed.ts';
import { watchActivities } from '../activities/watch.ts';
import { buildQueue, CONTROL_QUEUE, PUBLISH_QUEUE, SIGN_QUEUE } from '../model/task-queues.ts';
import { remark } from './terminal.ts';

/** Everything that activities are made of. */
export type WorkerDeps = AssessDeps &
  BuildDeps &
  VerifyDeps &
  LoadTestDeps &
  VerifySignedDeps &
  PublishDeps &
  HandOverDeps;

/** How workers reach Temporal. */
export interface WorkerConnection {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

export interface WorkersOptions extends WorkerConnection {
  /** Path of the bundle. */
  readonly bundle: string;
  readonly deps: WorkerDeps;
}

/** Workers of one process, one for each task queue. */
export interface Workers {
  /** Ends when all have ended; rejects when one fails. */
  readonly done: Promise<void>;
  /** Takes no more work, cancels what runs and waits for it. */
  stop(): Promise<void>;
}

/** Quick activities at once; each waits for disks and servers more than it computes. */
const CONTROL_CONCURRENCY = 16;
/** Workflows kept in memory between their tasks. */
const CACHED_WORKFLOWS = 200;
const SHUTDOWN_FORCE_MS = 30_000;

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

/** Starts the worker of the queue `sign`, which lives in a process of its own. */
export async function startSignWorker(at: WorkerConnection, deps: SignDeps): Promise<Workers> {
  return runWorkers([
    await createWorker(at, SIGN_QUEUE, {
      activities: { ...signActivities(deps), ...signMetadataActivities(deps) },
      maxConcurrentActivityTaskExecutions: 2,
    }),
  ]);
}

/** Starts a worker for every task queue that one machine serves, but for the signer's. */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { deps } = options;
  const architectures = new Set(deps.settings.targets.map((target) => target.arch));
  const workers = [
    await createWorker(options, CONTROL_QUEUE, {
      workflowBundle: { codePath: options.bundle },
      maxCachedWorkflows: CACHED_WORKFLOWS,
      maxConcurrentActivityTaskExecutions: CONTROL_CONCURRENCY,
      activities: {
        ...watchActivities(deps),
        ...kernelActivities(deps),
        ...assessActivities(deps),
        ...verifyActivities(deps),
        ...verifySignedActivities(deps),
        ...outcomeActivities(deps),
        ...handOverActivities(deps),
      },
    }),
    await createWorker(options, PUBLISH_QUEUE, {
      activities: publishActivities(deps),
      maxConcurrentActivityTaskExecutions: 2,
    }),
  ];
  for (const arch of architectures) {
    workers.push(
      await createWorker(options, buildQueue(arch), {
        activities: { ...buildActivities(deps), ...loadTestActivities(deps) },
        maxConcurrentActivityTaskExecutions: deps.settings.limits.parallelBuilds,
      }),
    );
  }
  return runWorkers(workers);
}

function runWorkers(workers: readonly Worker[]): Workers {
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

type OwnOptions = Omit<Parameters<typeof Worker.create>[0], 'taskQueue' | 'connection'>;

async function createWorker(
  { connection, namespace }: WorkerConnection,
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
    interceptors: { activity: [() => ({ inbound: new FailureInterceptor() })] },
    ...own,
  });
}
