import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { gateStart } from '../activities/gate/gate-start.ts';
import { gateId } from '../model/workflow-ids.ts';
import type { WorkflowOptions } from '../model/workflow-messages.ts';
import { configureSignal, resumeSignal } from '../workflows/messages.ts';

/** Those that run for longer than a configuration does; a look at a stream is over in seconds. */
const LONG_LIVED = ['publishRepository', 'rolloutKernel', 'rebuildKmod', 'gateStream'] as const;

const RUNNING = `ExecutionStatus = "Running" AND WorkflowType IN (${LONG_LIVED.map((type) => `"${type}"`).join(', ')})`;

/**
 * Tells all workflows that run for long which options hold from now on. A gate that nothing has called yet is
 * started; one whose stream has none any more, or is not followed any more, finds that out and ends.
 *
 * @param changedKmods Those that a rollout which runs has planned without, or otherwise: it goes through them again.
 */
export async function configureWorkflows(
  client: Client,
  options: WorkflowOptions,
  changedKmods: readonly string[],
): Promise<void> {
  for (const stream of options.gatedStreams ?? []) {
    await client.workflow.signalWithStart('gateStream', {
      ...gateStart(stream, options),
      signal: configureSignal,
      signalArgs: [options],
    });
  }
  const gated = new Set(options.gatedStreams?.map(gateId));
  for await (const { workflowId, type } of client.workflow.list({ query: RUNNING })) {
    if (gated.has(workflowId)) continue;
    try {
      const handle = client.workflow.getHandle(workflowId);
      await handle.signal(configureSignal, options);
      if (type !== 'rolloutKernel' || changedKmods.length === 0) continue;
      await handle.signal(resumeSignal, { newSourcesOf: changedKmods });
    } catch (error) {
      // It ended a moment ago.
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
