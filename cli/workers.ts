import { type AssessDeps, assessActivities } from '../activities/assess.ts';
import { type BuildDeps, buildActivities } from '../activities/build.ts';
import { type CallGateDeps, callGateActivities } from '../activities/gate/call-gate.ts';
import { type JudgeGateDeps, judgeGateActivities } from '../activities/gate/judge-gate.ts';
import { type ServeViewDeps, serveViewActivities } from '../activities/gate/serve-view.ts';
import { type HandOverDeps, handOverActivities } from '../activities/hand-over.ts';
import { kernelActivities } from '../activities/kernels.ts';
import { type LoadTestDeps, loadTestActivities } from '../activities/load-test/load-test.ts';
import { outcomeActivities } from '../activities/outcomes.ts';
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
import { buildQueue, CONTROL_QUEUE, PUBLISH_QUEUE } from '../model/task-queues.ts';
import { createWorker, runWorkers, type WorkerConnection, type Workers } from './create-worker.ts';

/** Everything that activities are made of. */
export type WorkerDeps = AssessDeps &
  BuildDeps &
  VerifyDeps &
  LoadTestDeps &
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

/** Quick activities at once; each waits for disks and servers more than it computes. */
const CONTROL_CONCURRENCY = 16;
/** Workflows kept in memory between their tasks. */
const CACHED_WORKFLOWS = 200;

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
    }),
    await createWorker(options, PUBLISH_QUEUE, {
      activities: { ...publishActivities(deps), ...serveViewActivities(deps) },
      maxConcurrentActivityTaskExecutions: 2,
    }),
  ];
  for (const arch of architectures) {
    workers.push(
      await createWorker(options, buildQueue(arch), {
        activities: {
          ...buildActivities(deps),
          ...loadTestActivities(deps),
          ...builderUpkeepActivities(deps),
        },
        maxConcurrentActivityTaskExecutions: deps.settings.limits.parallelBuilds,
      }),
    );
  }
  return runWorkers(workers);
}
