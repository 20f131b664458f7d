import { type Client, WorkflowFailedError } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import type { CellKey } from '../model/cell.ts';
import type { Settings } from '../model/settings.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { publisherId, rolloutId } from '../model/workflow-ids.ts';
import type {
  PublicationRequest,
  RebuildInput,
  RebuildResult,
  RolloutInput,
  WorkflowOptions,
} from '../model/workflow-messages.ts';
import { withHeartbeat } from './heartbeat.ts';
import { requireNamed } from './require-named.ts';

export interface HandOverDeps {
  readonly client: Client;
  readonly settings: Settings;
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

  /** Waits for a rebuild that somebody else started, and returns what it returned. */
  async function joinRebuild(request: { readonly workflowId: string }): Promise<RebuildResult> {
    return await withHeartbeat((signal) => {
      const handle = client.workflow.getHandle<(input: RebuildInput) => Promise<RebuildResult>>(
        request.workflowId,
      );
      return Promise.race([handle.result(), rejectOnAbort(signal)]);
    });
  }

  /** Waits until a workflow has ended, in whichever way. */
  async function awaitEnd(request: { readonly workflowId: string }): Promise<void> {
    await withHeartbeat(async (signal) => {
      const ended = client.workflow.getHandle(request.workflowId).result();
      await Promise.race([ended, rejectOnAbort(signal)]);
    }).catch((error: unknown) => {
      const isOver = error instanceof WorkflowFailedError || error instanceof WorkflowNotFoundError;
      if (!isOver) throw error;
    });
  }

  return { requestPublication, resumeDependants, joinRebuild, awaitEnd };
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
