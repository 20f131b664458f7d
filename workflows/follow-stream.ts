import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { StoredKernel } from '../activities/watch.ts';
import { rolloutId } from '../model/workflow-ids.ts';
import type { FollowInput, FollowResult } from '../model/workflow-messages.ts';
import { toSummary } from '../report/text-size.ts';
import { formatEvr } from '../rpm/evr.ts';
import { kernels, watch } from './activity-proxies.ts';
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
  const look = await watch.lookAtStream.executeWithOptions(
    { summary: `Look at the repositories of ${input.title}` },
    [{ stream }],
  );
  setCurrentDetails(look.message);
  const started: StartedRollout[] = [];
  const failures: string[] = [];
  for (const kernel of look.unfinished) started.push(await startRollout(input, kernel, started));
  for (const offer of look.newKernels) {
    try {
      const kernel = await kernels.storeKernel.executeWithOptions(
        { summary: `Store kernel-devel ${formatEvr(offer.evr)} and read its kABI` },
        [{ offer }],
      );
      started.push(await startRollout(input, kernel, started));
    } catch (error) {
      if (isCancellation(error)) throw error;
      // One kernel that cannot be had must not hold up the others.
      failures.push(`${formatEvr(offer.evr)}: ${describeFailure(error)}`);
    }
  }
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

/** A rollout that was started, or that runs already. */
interface StartedRollout {
  readonly workflowId: string;
  readonly flavour: string | undefined;
}

/**
 * Starts a kernel's rollout. Those of one flavour run one after the other, oldest first: what is built
 * for a kernel is often kept for the next. Kernels of another flavour are never served by it.
 */
async function startRollout(
  input: FollowInput,
  { release, arch, flavour }: StoredKernel,
  before: readonly StartedRollout[],
): Promise<StartedRollout> {
  const { stream, options } = input;
  const workflowId = rolloutId({ stream, release });
  const attributes = { stream, kernel: release, arch, trigger: 'new-kernel' };
  const after = before.findLast((rollout) => rollout.flavour === flavour)?.workflowId;
  try {
    await startChild(rolloutKernel, {
      workflowId,
      args: [
        {
          stream,
          release,
          trigger: 'new-kernel',
          forced: [],
          options,
          ...(after === undefined ? {} : { after }),
        },
      ],
      staticSummary: `Kernel ${release} of ${input.title}`,
      staticDetails: `Found by \`${workflowInfo().workflowId}\``,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...(options.hasSearchAttributes ? { typedSearchAttributes: toPairs(attributes) } : {}),
    });
  } catch (error) {
    // It runs already: started by an earlier look, or by this one before it was killed.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return { workflowId, flavour };
}
