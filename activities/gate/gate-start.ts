import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { gateId } from '../../model/workflow-ids.ts';
import type { GateInput, WorkflowOptions } from '../../model/workflow-messages.ts';

/** How the gate of a stream is started, by whoever needs it first. */
export interface GateStart {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly args: [GateInput];
  readonly staticSummary: string;
}

/** See {@link GateStart}. */
export function gateStart(stream: string, options: WorkflowOptions): GateStart {
  return {
    workflowId: gateId(stream),
    taskQueue: CONTROL_QUEUE,
    args: [{ stream, options }],
    staticSummary: `Gate of stream ${stream}`,
  };
}
