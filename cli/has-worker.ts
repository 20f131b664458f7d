import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

const WORKFLOW_QUEUE = proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW;

/**
 * Whether somebody polls a task queue for workflow tasks, or did within the last minutes (Temporal
 * remembers pollers for five). Work for a queue without a worker waits for as long as there is none.
 *
 * @see DescribeTaskQueue of Temporal's workflow service
 */
export async function hasWorker(
  { workflowService }: Connection,
  { namespace, queue }: { readonly namespace: string; readonly queue: string },
): Promise<boolean> {
  const { pollers } = await workflowService.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: WORKFLOW_QUEUE,
  });
  return (pollers ?? []).length > 0;
}
