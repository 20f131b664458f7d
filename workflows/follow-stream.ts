import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  isCancellation,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunKey } from '../activities/hand-over.ts';
import type { StoredKernel, StreamLook } from '../activities/watch.ts';
import { rolloutId } from '../model/workflow-ids.ts';
import type { FollowInput, FollowResult, RolloutInput } from '../model/workflow-messages.ts';
import { type FoundWork, type KernelWork, orderWork } from '../plan/order-work.ts';
import { toSummary } from '../report/text-size.ts';
import { formatEvr } from '../rpm/evr.ts';
import { handOver, kernels, watch } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { rolloutKernel } from './rollout-kernel.ts';
import { toPairs } from './search-attributes.ts';
import { tellGate } from './tell-gate.ts';

/**
 * Looks once at a stream, brings new kernels into the store and starts a rollout for each. Short: it
 * does not wait for the rollouts, so that the next look is never skipped for long.
 */
export async function followStream(input: FollowInput): Promise<FollowResult> {
  const { stream, accept } = input;
  if (accept) {
    await watch.acceptLook.executeWithOptions(
      { summary: toSummary(`Believed by ${accept.by}: ${accept.why}`) },
      [{ stream, ...accept }],
    );
  }
  const look = await lookAt(input);
  setCurrentDetails(look.message);
  const { started, failures } = await startWork(input, look);
  // Upstream's other packages are listed by the gate as well, so any change concerns it.
  if (look.isChanged) await tellGate(stream, input.options);
  if (look.isChanged && failures.length === 0) {
    await watch.acknowledgeLook.executeWithOptions(
      { summary: 'Everything found was handed on: remember this look' },
      [{ stream, validators: look.validators }],
    );
  }
  const lines = [
    ...started.map(({ workflowId }) => `- started \`${workflowId}\``),
    ...failures.map((text) => `- ${text}`),
  ];
  setCurrentDetails([look.message, ...lines].join('\n'));
  if (failures.length > 0) {
    throw ApplicationFailure.nonRetryable(failures.join('\n'), 'KernelNotStoredError');
  }
  return { message: look.message, started: started.map(({ workflowId }) => workflowId) };
}

/** A mirror that is away, or not believed, must not hold up the work on kernels that are in the store. */
async function lookAt(input: FollowInput): Promise<StreamLook> {
  const { stream, title } = input;
  try {
    return await watch.lookAtStream.executeWithOptions(
      { summary: `Look at the repositories of ${title}` },
      [{ stream }],
    );
  } catch (error) {
    // Looks that failed before there was this are over.
    if (isCancellation(error) || !patched('stored-work')) throw error;
    const work = await watch.findStoredWork.executeWithOptions(
      { summary: 'Find what is to be done with the kernels that are here' },
      [{ stream }],
    );
    await startWork(input, { newKernels: [], ...work });
    throw error;
  }
}

/** Starts a rollout for each kernel that there is work for, most urgent first. */
async function startWork(
  input: FollowInput,
  work: FoundWork,
): Promise<{ readonly started: readonly AnyRun[]; readonly failures: readonly string[] }> {
  const isOrdered = work.order !== undefined;
  const started: AnyRun[] = [];
  const failures: string[] = [];
  for (const one of orderWork(work)) {
    try {
      const kernel = await takeKernel(one);
      started.push(await startRollout(input, { ...kernel, isOrdered }, started));
    } catch (error) {
      if (isCancellation(error) || one.kind !== 'new') throw error;
      // One kernel that cannot be had must not hold up the others.
      failures.push(`${formatEvr(one.offer.evr)}: ${describeFailure(error)}`);
    }
  }
  return { started, failures };
}

/** A run of a rollout; which one is not known of what an earlier version's look found running. */
type AnyRun = Pick<RunKey, 'workflowId'> &
  Partial<RunKey> & { readonly flavour: string | undefined };

/** Brings a kernel into the store that is not there yet. */
async function takeKernel(work: KernelWork): Promise<RolloutKernel> {
  if (work.kind !== 'new') return work;
  const { offer } = work;
  return await kernels.storeKernel.executeWithOptions(
    { summary: `Store kernel-devel ${formatEvr(offer.evr)} and read its kABI` },
    [{ offer }],
  );
}

interface RolloutKernel extends StoredKernel {
  /** Those of its cells that are to be tried again; all when absent. */
  readonly kmods?: readonly string[];
}

/**
 * Starts a kernel's rollout. Those of one flavour run one after the other, most urgent first: what is built for a kernel is
 * often kept for the next. Kernels of another flavour are never served by it.
 */
async function startRollout(
  input: FollowInput,
  { release, arch, flavour, kmods, isOrdered }: RolloutKernel & { readonly isOrdered: boolean },
  before: readonly AnyRun[],
): Promise<AnyRun> {
  const { stream, options } = input;
  const workflowId = rolloutId({ stream, release });
  const trigger = kmods ? 'retry' : 'new-kernel';
  const attributes = { stream, kernel: release, arch, trigger };
  const after = before.findLast((rollout) => rollout.flavour === flavour);
  const rollout: RolloutInput = {
    ...{ stream, release, trigger, forced: [], options },
    ...(kmods ? { newSourcesOf: kmods } : {}),
    ...(after === undefined
      ? {}
      : {
          after: after.workflowId,
          ...(after.runId === undefined ? {} : { afterRun: after.runId }),
        }),
  };
  try {
    const { firstExecutionRunId: runId } = await startChild(rolloutKernel, {
      workflowId,
      args: [rollout],
      staticSummary: toSummary(
        kmods
          ? `Try again ${kmods.join(', ')} for kernel ${release}`
          : `Kernel ${release} of ${input.title}`,
      ),
      staticDetails: `Found by \`${workflowInfo().workflowId}\``,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...(options.hasSearchAttributes ? { typedSearchAttributes: toPairs(attributes) } : {}),
    });
    return { workflowId, runId, flavour };
  } catch (error) {
    // It runs already: started by an earlier look, or by this one before it was killed.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const run = isOrdered ? await findRun(workflowId) : { workflowId };
    return { ...run, flavour };
  }
}

/** The run that is there now; one that begins later may wait for what waits for this. */
async function findRun(workflowId: string): Promise<RunKey> {
  return await handOver.findRun.executeWithOptions(
    { summary: `Find the run of ${workflowId} that is there already` },
    [{ workflowId }],
  );
}
