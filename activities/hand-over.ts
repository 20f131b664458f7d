import { type Client, WorkflowFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { CellKey } from '../model/cell.ts';
import type { Settings } from '../model/settings.ts';
import type { KernelWork } from '../model/source-watch.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { publisherId, rolloutId } from '../model/workflow-ids.ts';
import type {
  PublicationRequest,
  RebuildInput,
  RebuildResult,
  RolloutInput,
  WorkflowOptions,
} from '../model/workflow-messages.ts';
import { toSummary } from '../report/text-size.ts';
import { withHeartbeat } from './heartbeat.ts';
import { requireNamed } from './require-named.ts';

export interface HandOverDeps {
  readonly client: Client;
  readonly settings: Settings;
}

/** What names one run of a workflow. */
export interface RunKey {
  readonly workflowId: string;
  readonly runId: string;
}

type AwaitRequest = Pick<RunKey, 'workflowId'> & Partial<Pick<RunKey, 'runId'>>;

/** Which kernel is to be gone through again, for whose sources, and after what. */
export interface SourcesRequest extends KernelWork {
  readonly options: WorkflowOptions;
  readonly after?: RunKey;
}

/** See {@link handOverActivities}. */
export type HandOverActivities = ReturnType<typeof handOverActivities>;

/** Activities by which one workflow hands work to another that may or may not be running. */
export function handOverActivities({ client, settings }: HandOverDeps) {
  /** Signals the publisher of the stream's repository and starts it if it is not there. */
  async function requestPublication(
    request: Omit<PublicationRequest, 'repository'> & {
      readonly stream: string;
      readonly options: WorkflowOptions;
    },
  ): Promise<{ readonly repository: string }> {
    const { stream, options, ...asked } = request;
    const { repository } = requireNamed(settings.streams, 'publish for', 'stream', stream);
    await client.workflow.signalWithStart('publishRepository', {
      workflowId: publisherId(repository),
      taskQueue: CONTROL_QUEUE,
      args: [{ repository, options }],
      signal: 'publish',
      signalArgs: [{ ...asked, repository }],
      staticSummary: `Publisher of repository ${repository}`,
    });
    return { repository };
  }

  /** Has those kmods built that need one which was built by itself; a rollout that runs does it at its end. */
  async function resumeDependants(
    request: CellKey & { readonly options: WorkflowOptions },
  ): Promise<void> {
    const { kmod, stream, release, options } = request;
    const input: RolloutInput = {
      ...{ stream, release, options, forced: [] },
      trigger: 'new-provider',
      dependantsOf: [kmod],
    };
    await client.workflow.signalWithStart('rolloutKernel', {
      workflowId: rolloutId(input),
      taskQueue: CONTROL_QUEUE,
      args: [input],
      signal: 'resume',
      signalArgs: [{ kmod }],
      staticSummary: `What needs ${kmod} on kernel ${release}`,
    });
  }

  /**
   * Has a kernel gone through again for kmods whose sources are new; a rollout that runs does it at its end.
   *
   * @returns The run that does it.
   */
  async function resumeForSources(request: SourcesRequest): Promise<RunKey> {
    const { stream, release, kmods, options, after } = request;
    const input: RolloutInput = {
      ...{ stream, release, options, forced: [] },
      trigger: 'new-source',
      newSourcesOf: kmods,
      ...(after ? { after: after.workflowId, afterRun: after.runId } : {}),
    };
    const workflowId = rolloutId(input);
    const { signaledRunId } = await client.workflow.signalWithStart('rolloutKernel', {
      workflowId,
      taskQueue: CONTROL_QUEUE,
      args: [input],
      signal: 'resume',
      signalArgs: [{ newSourcesOf: kmods }],
      staticSummary: toSummary(`New source of ${kmods.join(', ')} for kernel ${release}`),
    });
    return { workflowId, runId: signaledRunId };
  }

  /** Waits for a rebuild that somebody else started, and returns what it returned. */
  async function joinRebuild(request: { readonly workflowId: string }): Promise<RebuildResult> {
    return await withHeartbeat((signal) => {
      const handle = client.workflow.getHandle<(input: RebuildInput) => Promise<RebuildResult>>(
        request.workflowId,
      );
      return Promise.race([handle.result(), rejectOnAbort(signal)]);
    });
  }

  /** Waits until a workflow has ended, in whichever way; a certain run of it if one is named. */
  async function awaitEnd({ workflowId, runId }: AwaitRequest): Promise<void> {
    await withHeartbeat(async (signal) => {
      const ended = client.workflow.getHandle(workflowId, runId).result();
      await Promise.race([ended, rejectOnAbort(signal)]);
    }).catch((error: unknown) => {
      const isOver = error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError;
      if (!isOver) throw error;
    });
  }

  /** Finds the run of a workflow that is there now: nobody must wait for one that begins later. */
  const findRun = async (key: Pick<RunKey, 'workflowId'>) => await describeRun(key, client);

  return { requestPublication, resumeDependants, resumeForSources, joinRebuild, awaitEnd, findRun };
}

async function describeRun(
  { workflowId }: Pick<RunKey, 'workflowId'>,
  client: Client,
): Promise<RunKey> {
  const { runId } = await client.workflow.getHandle(workflowId).describe();
  return { workflowId, runId };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
