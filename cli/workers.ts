import type { Worker } from '@temporalio/worker';
import { type AssessDeps, assessActivities } from '../activities/assess.ts';
import { type BuildDeps, buildActivities } from '../activities/build.ts';
import { type CallGateDeps, callGateActivities } from '../activities/gate/call-gate.ts';
import { type JudgeGateDeps, judgeGateActivities } from '../activities/gate/judge-gate.ts';
import { type ServeViewDeps, serveViewActivities } from '../activities/gate/serve-view.ts';
import { type HandOverDeps, handOverActivities } from '../activities/hand-over.ts';
import { kernelActivities } from '../activities/kernels.ts';
import { type LoadTestDeps, loadTestActivities } from '../activities/load-test/load-test.ts';
import { type OutcomeDeps, outcomeActivities } from '../activities/outcomes.ts';
import {
  type ProvenanceDeps,
  provenanceActivities,
} from '../activities/provenance/write-provenance.ts';
import { type PublishDeps, publishActivities } from '../activities/publish.ts';
import {
  builderUpkeepActivities,
  type UpkeepDeps,
  upkeepActivities,
} from '../activities/upkeep/upkeep.ts';
import { type VerifyDeps, verifyActivities } from '../activities/verify.ts';
import { type VerifySignedDeps, verifySignedActivities } from '../activities/verify-signed.ts';
import { watchActivities } from '../activities/watch.ts';
import { type WatchSourcesDeps, watchSourcesActivities } from '../activities/watch-sources.ts';
import type { Settings } from '../model/settings.ts';
import { buildQueue, CONTROL_QUEUE, PUBLISH_QUEUE } from '../model/task-queues.ts';
import { createWorker, runWorkers, type WorkerConnection, type Workers } from './create-worker.ts';
import { openResizableSlots, type ResizableSlots } from './resizable-slots.ts';

/** Everything that activities are made of. */
export type WorkerDeps = AssessDeps &
  BuildDeps &
  VerifyDeps &
  LoadTestDeps &
  OutcomeDeps &
  VerifySignedDeps &
  ProvenanceDeps &
  PublishDeps &
  CallGateDeps &
  JudgeGateDeps &
  ServeViewDeps &
  HandOverDeps &
  WatchSourcesDeps &
  UpkeepDeps;

export interface WorkersOptions extends WorkerConnection {
  /** Path of the bundle. */
  readonly bundle: string;
  readonly deps: WorkerDeps;
}

/** Workers whose activities can be made anew, with other settings, while they run. */
export interface LiveWorkers {
  /** Rejects when one fails. */
  readonly failed: Promise<never>;
  /** Lets every activity that begins from now on have these; those that run end with what they began with. */
  use(deps: WorkerDeps): Promise<void>;
  /** Takes no more work, cancels what runs and waits for it. */
  stop(): Promise<void>;
}

/** Quick activities at once; each waits for disks and servers more than it computes. */
const CONTROL_CONCURRENCY = 16;
const PUBLISH_CONCURRENCY = 2;
/** Workflows kept in memory between their tasks. */
const CACHED_WORKFLOWS = 200;

/** Starts a worker for every task queue that one machine serves, but for the signer's. */
export async function startWorkers(options: WorkersOptions): Promise<LiveWorkers> {
  let current = makeActivities(options.deps);
  const builders = new Map<string, ResizableSlots>();
  const running: Workers[] = [];
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);

  function run(worker: Worker): void {
    const workers = runWorkers([worker]);
    workers.done.catch(fail);
    running.push(workers);
  }

  /** An architecture that no target has any more keeps its worker: builds of it may be under way. */
  async function serveBuilds({ targets, limits }: Settings): Promise<void> {
    for (const slots of builders.values()) slots.resize(limits.parallelBuilds);
    for (const { arch } of targets) {
      if (builders.has(arch)) continue;
      const slots = openResizableSlots(limits.parallelBuilds);
      builders.set(arch, slots);
      run(
        await createWorker(options, buildQueue(arch), {
          activities: delegate(() => current.build),
          tuner: slots.tuner,
        }),
      );
    }
  }

  run(
    await createWorker(options, CONTROL_QUEUE, {
      workflowBundle: { codePath: options.bundle },
      maxCachedWorkflows: CACHED_WORKFLOWS,
      maxConcurrentActivityTaskExecutions: CONTROL_CONCURRENCY,
      activities: delegate(() => current.control),
    }),
  );
  run(
    await createWorker(options, PUBLISH_QUEUE, {
      activities: delegate(() => current.publish),
      maxConcurrentActivityTaskExecutions: PUBLISH_CONCURRENCY,
    }),
  );
  await serveBuilds(options.deps.settings);
  return {
    failed,
    async use(deps) {
      current = makeActivities(deps);
      await serveBuilds(deps.settings);
    },
    async stop() {
      await Promise.all(running.map((workers) => workers.stop()));
    },
  };
}

/** What each queue's worker can do, with one set of settings. */
function makeActivities(deps: WorkerDeps) {
  return {
    control: {
      ...watchActivities(deps),
      ...watchSourcesActivities(deps),
      ...kernelActivities(deps),
      ...assessActivities(deps),
      ...verifyActivities(deps),
      ...verifySignedActivities(deps),
      ...provenanceActivities(deps),
      ...outcomeActivities(deps),
      ...handOverActivities(deps),
      ...callGateActivities(deps),
      ...judgeGateActivities(deps),
      ...upkeepActivities(deps),
    },
    publish: { ...publishActivities(deps), ...serveViewActivities(deps) },
    build: {
      ...buildActivities(deps),
      ...loadTestActivities(deps),
      ...builderUpkeepActivities(deps),
    },
  };
}

/** Activities of the same names that call those of the moment at which they begin. */
function delegate(
  current: () => Readonly<Record<string, unknown>>,
): Record<string, (...args: readonly unknown[]) => Promise<unknown>> {
  return Object.fromEntries(
    Object.keys(current()).map((name) => [
      name,
      async (...args: readonly unknown[]) => {
        const activity = current()[name];
        if (typeof activity !== 'function') throw new Error(`BUG: there is no activity ${name}`);
        return await activity(...args);
      },
    ]),
  );
}
