import type { WorkflowOptions } from '../model/workflow-messages.ts';
import { callGate } from './activity-proxies.ts';

/** Tells the gate of a stream to decide anew; does nothing for a stream without one. */
export async function tellGate(stream: string, options: WorkflowOptions): Promise<void> {
  if (options.gatedStreams?.includes(stream) !== true) return;
  await callGate.lookAgain.executeWithOptions({ summary: `Tell the gate of ${stream}` }, [
    { stream, options },
  ]);
}
