import type { Client } from '@temporalio/client';
import type { ActiveCell } from '../report/assemble-status.ts';

const RUNNING_REBUILDS = 'WorkflowType = "rebuildKmod" AND ExecutionStatus = "Running"';

/** Asks Temporal which cells are worked on; nothing when it cannot be asked. */
export async function listActiveRebuilds(client: Client): Promise<readonly ActiveCell[]> {
  const cells: ActiveCell[] = [];
  try {
    for await (const { workflowId } of client.workflow.list({ query: RUNNING_REBUILDS })) {
      const [, kmod, stream, release] = workflowId.split('/');
      if (kmod !== undefined && stream !== undefined && release !== undefined) {
        cells.push({ kmod, stream, release, phase: 'running' });
      }
    }
  } catch {
    return [];
  }
  return cells;
}
