import { ActivityCancellationType, proxyActivities, type RetryPolicy } from '@temporalio/workflow';
import type { AssessActivities } from '../activities/assess.ts';
import type { BuildActivities } from '../activities/build.ts';
import type { CallGateActivities } from '../activities/gate/call-gate.ts';
import type { JudgeGateActivities } from '../activities/gate/judge-gate.ts';
import type { ServeViewActivities } from '../activities/gate/serve-view.ts';
import type { HandOverActivities } from '../activities/hand-over.ts';
import type { KernelActivities } from '../activities/kernels.ts';
import type { LoadTestActivities } from '../activities/load-test/load-test.ts';
import type { OutcomeActivities } from '../activities/outcomes.ts';
import type { SignProvenanceActivities } from '../activities/provenance/sign-provenance.ts';
import type { ProvenanceActivities } from '../activities/provenance/write-provenance.ts';
import type { PublishActivities } from '../activities/publish.ts';
import type { SignActivities } from '../activities/sign.ts';
import type { SignMetadataActivities } from '../activities/sign-metadata.ts';
import type { SignUpkeepActivities } from '../activities/upkeep/sign-upkeep.ts';
import type { BuilderUpkeepActivities, UpkeepActivities } from '../activities/upkeep/upkeep.ts';
import type { VerifyActivities } from '../activities/verify.ts';
import type { VerifySignedActivities } from '../activities/verify-signed.ts';
import type { WatchActivities } from '../activities/watch.ts';
import type { WatchSourcesActivities } from '../activities/watch-sources.ts';
import { CONTROL_QUEUE, PUBLISH_QUEUE, SIGN_QUEUE } from '../model/task-queues.ts';
import { ATTEMPT_COUNTS, FAILURE_POLICIES } from '../plan/failure-policies.ts';

/** A worker that is gone is noticed after this; activities send a heartbeat every three seconds. */
const HEARTBEAT_TIMEOUT_MS = 15_000;

/** Pauses are the interceptor's to say; these hold where a worker dies and nobody says any. */
const PAUSES = FAILURE_POLICIES.machine.retry;
const PATIENT = toRetry(ATTEMPT_COUNTS.patient);
const BRIEF = toRetry(ATTEMPT_COUNTS.brief);
const COPY = toRetry(ATTEMPT_COUNTS.copy);

export const watch = proxyActivities<WatchActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: BRIEF,
});

/** Each source has a limit of its own; this one is for all together. */
export const watchSources = proxyActivities<WatchSourcesActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '60 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: BRIEF,
});

export const kernels = proxyActivities<KernelActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '60 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

export const assess = proxyActivities<AssessActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

/** The caller gives the queue of the architecture and the time-out. */
export const build = proxyActivities<BuildActivities>({
  startToCloseTimeout: '24 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
  // A cancelled build is over when its container is gone, not before.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export const verify = proxyActivities<VerifyActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

/** The caller gives the queue of the architecture. The first test of a kernel fetches it, some 100 to 300 MB. */
export const loadTest = proxyActivities<LoadTestActivities>({
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
  // A cancelled test is over when its machine is gone.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export const sign = proxyActivities<SignActivities & SignProvenanceActivities>({
  taskQueue: SIGN_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

export const signMetadata = proxyActivities<SignMetadataActivities>({
  taskQueue: SIGN_QUEUE,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

export const verifySigned = proxyActivities<VerifySignedActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

export const provenance = proxyActivities<ProvenanceActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

export const publish = proxyActivities<PublishActivities>({
  taskQueue: PUBLISH_QUEUE,
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

/** A first copy may be large; servers elsewhere that fail are tried again with the next snapshot. */
export const mirror = proxyActivities<Pick<PublishActivities, 'mirrorRepository'>>({
  taskQueue: PUBLISH_QUEUE,
  startToCloseTimeout: '4 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: COPY,
});

export const outcomes = proxyActivities<OutcomeActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '1 minute',
  retry: PATIENT,
});

export const handOver = proxyActivities<HandOverActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '24 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: PATIENT,
});

export const gate = proxyActivities<JudgeGateActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: BRIEF,
});

/** A mirror of a whole distribution takes hours; the next look tries again anyway. */
export const gateView = proxyActivities<ServeViewActivities>({
  taskQueue: PUBLISH_QUEUE,
  startToCloseTimeout: '24 hours',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: BRIEF,
});

export const callGate = proxyActivities<CallGateActivities>({
  taskQueue: CONTROL_QUEUE,
  startToCloseTimeout: '1 minute',
  retry: PATIENT,
});

/** What could not be tidied is tidied by the next upkeep. */
const UPKEEP = {
  scheduleToStartTimeout: '2 minutes',
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT_MS,
  retry: BRIEF,
} as const;

export const upkeepControl = proxyActivities<UpkeepActivities>({
  taskQueue: CONTROL_QUEUE,
  ...UPKEEP,
});

/** The caller gives the queue of the architecture; while all builders build, it waits its turn. */
export const builderUpkeep = proxyActivities<BuilderUpkeepActivities>({
  ...UPKEEP,
  scheduleToStartTimeout: '30 minutes',
});

export const signUpkeep = proxyActivities<SignUpkeepActivities>({
  taskQueue: SIGN_QUEUE,
  ...UPKEEP,
});

function toRetry(attemptCount: number): RetryPolicy {
  return {
    initialInterval: PAUSES?.firstPauseMs,
    maximumInterval: PAUSES?.longestPauseMs,
    maximumAttempts: attemptCount,
  };
}
