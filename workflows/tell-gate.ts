import { getExternalWorkflowHandle, isCancellation } from '@temporalio/workflow';
import { gateId } from '../model/workflow-ids.ts';
import type { WorkflowOptions } from '../model/workflow-messages.ts';
import { callGate } from './activity-proxies.ts';
import { lookAgainSignal } from './messages.ts';

/**
 * Rings for all gates that run: what they list may not be served any more. Which of them that concerns they find out
 * by themselves, and one that does not run looks when it starts.
 */
export async function ringGates({
  gatedStreams = [],
}: Pick<WorkflowOptions, 'gatedStreams'>): Promise<void> {
  for (const stream of gatedStreams) {
    try {
      await getExternalWorkflowHandle(gateId(stream)).signal(lookAgainSignal);
    } catch (error) {
      if (isCancellation(error)) throw error;
    }
  }
}

/** Tells the gate of a stream to decide anew; does nothing for a stream without one. */
export async function tellGate(stream: string, options: WorkflowOptions): Promise<void> {
  if (options.gatedStreams?.includes(stream) !== true) return;
  await callGate.lookAgain.executeWithOptions({ summary: `Tell the gate of ${stream}` }, [
    { stream, options },
  ]);
}
