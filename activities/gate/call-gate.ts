import { type Client, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { Settings } from '../../model/settings.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rebuildId } from '../../model/workflow-ids.ts';
import type { WorkflowOptions } from '../../model/workflow-messages.ts';
import type { Records } from '../records.ts';
import { requireNamed } from '../require-named.ts';
import { gateStart } from './gate-start.ts';

export interface CallGateDeps {
  readonly client: Client;
  readonly settings: Settings;
  readonly records: Records;
}

/** See {@link callGateActivities}. */
export type CallGateActivities = ReturnType<typeof callGateActivities>;

/** Activities by which others call a gate, and the gate has work done by others. */
export function callGateActivities({ client, settings, records }: CallGateDeps) {
  /** Tells the gate of a stream that something may have changed, and starts it if it is not there. */
  async function lookAgain({
    stream,
    options,
  }: {
    readonly stream: string;
    readonly options: WorkflowOptions;
  }): Promise<void> {
    await client.workflow.signalWithStart('gateStream', {
      ...gateStart(stream, options),
      signal: 'look again',
      signalArgs: [],
    });
  }

  /** Starts the rebuilds that a freeze kept from being made. */
  async function rebuildThawed(request: {
    readonly stream: string;
    readonly kmods: readonly string[];
    readonly options: WorkflowOptions;
  }): Promise<void> {
    const { stream: name, kmods, options } = request;
    const stream = requireNamed(settings.streams, 'rebuild for', 'stream', name);
    const kernels = (await records.listKernels(name)).slice(-stream.keepKernels);
    for (const { release } of kernels) {
      for (const kmod of kmods) {
        const input = { kmod, stream: name, release, trigger: 'thaw', isForced: false } as const;
        const verdict = (await records.readCell(input))?.verdict;
        if (verdict?.kind !== 'excluded' || verdict.why !== 'frozen') continue;
        await client.workflow.start('rebuildKmod', {
          workflowId: rebuildId(input),
          taskQueue: CONTROL_QUEUE,
          args: [{ ...input, options }],
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
          staticSummary: `${kmod} for ${release}, thawed`,
        });
      }
    }
  }

  return { lookAgain, rebuildThawed };
}
