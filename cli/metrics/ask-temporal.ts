import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { Settings } from '../../model/settings.ts';
import { buildQueue, CONTROL_QUEUE, PUBLISH_QUEUE, SIGN_QUEUE } from '../../model/task-queues.ts';
import type { TemporalFacts } from '../../report/metrics/metric-facts.ts';

/** The types whose number tells something: the others are there for seconds. */
const TYPES = ['rolloutKernel', 'rebuildKmod', 'publishRepository', 'gateStream'] as const;

/** A scrape must not wait for a server that hangs. */
const TIMEOUT_MS = 3000;

const { TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW } =
  proto.temporal.api.enums.v1.TaskQueueType;

/**
 * Asks Temporal what waits and what runs.
 *
 * @returns Undefined when it does not answer.
 * @see DescribeTaskQueue: `stats.approximateBacklogCount`
 */
export async function askTemporal(
  client: Client,
  { targets }: Pick<Settings, 'targets'>,
): Promise<TemporalFacts | undefined> {
  const archs = [...new Set(targets.map(({ arch }) => arch))];
  const queues = [CONTROL_QUEUE, PUBLISH_QUEUE, SIGN_QUEUE, ...archs.map(buildQueue)];
  try {
    return await client.connection.withDeadline(Date.now() + TIMEOUT_MS, async () => {
      const [backlogs, running] = await Promise.all([
        Promise.all(
          queues.map(async (queue) => [queue, await readBacklog(client, queue)] as const),
        ),
        Promise.all(TYPES.map(async (type) => [type, await countRunning(client, type)] as const)),
      ]);
      return { backlogs: Object.fromEntries(backlogs), running: Object.fromEntries(running) };
    });
  } catch {
    // Told as "does not answer"; why is told by those who need it.
    return undefined;
  }
}

async function readBacklog({ workflowService, options }: Client, name: string): Promise<number> {
  const types =
    name === CONTROL_QUEUE
      ? [TASK_QUEUE_TYPE_ACTIVITY, TASK_QUEUE_TYPE_WORKFLOW]
      : [TASK_QUEUE_TYPE_ACTIVITY];
  const answers = await Promise.all(
    types.map((taskQueueType) =>
      workflowService.describeTaskQueue({
        namespace: options.namespace,
        taskQueue: { name },
        taskQueueType,
        reportStats: true,
      }),
    ),
  );
  return answers.reduce((sum, { stats }) => sum + Number(stats?.approximateBacklogCount ?? 0), 0);
}

async function countRunning(client: Client, type: string): Promise<number> {
  const query = `WorkflowType = "${type}" AND ExecutionStatus = "Running"`;
  return (await client.workflow.count(query)).count;
}
