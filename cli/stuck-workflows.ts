import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { StuckWorkflow } from '../model/status.ts';

/** One that is begun anew now and then (a worker was killed) is no trouble; Temporal waits longer each time. */
const MIN_ATTEMPTS = 2;
/** So many are looked at: a fault of a version is a fault of many at once. */
const MAX_LOOKS = 200;
/** A person waits for the answers; one after the other they take seconds while a large rollout runs. */
const WIDTH = 16;
const LAST_EVENTS = 20;

const { WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR: OTHER_VERSION } =
  proto.temporal.api.enums.v1.WorkflowTaskFailedCause;

/**
 * Finds workflows that do not go on: their code fails, or takes other steps than those that stand in their history.
 * Temporal tries for ever and shows them as running.
 *
 * @see DescribeWorkflowExecution: `pendingWorkflowTask.attempt`
 */
export async function listStuckWorkflows(client: Client): Promise<readonly StuckWorkflow[]> {
  const running: WorkflowExecutionInfo[] = [];
  for await (const info of client.workflow.list({ query: 'ExecutionStatus = "Running"' })) {
    if (running.length === MAX_LOOKS) break;
    running.push(info);
  }
  const found: (StuckWorkflow | undefined)[] = [];
  for (let first = 0; first < running.length; first += WIDTH) {
    const some = running.slice(first, first + WIDTH);
    found.push(...(await Promise.all(some.map((info) => findTrouble(client, info)))));
  }
  return found.filter((one) => one !== undefined);
}

async function findTrouble(
  client: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<StuckWorkflow | undefined> {
  const { workflowService } = client;
  const { namespace } = client.options;
  const execution = { workflowId, runId };
  const { pendingWorkflowTask } = await workflowService.describeWorkflowExecution({
    namespace,
    execution,
  });
  const attempts = pendingWorkflowTask?.attempt ?? 1;
  if (attempts < MIN_ATTEMPTS) return undefined;
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution,
    maximumPageSize: LAST_EVENTS,
  });
  // The first failure stands in the history; those after it do not, until it goes on.
  const failed = history?.events?.find(isEndOfTask)?.workflowTaskFailedEventAttributes;
  if (!failed) return undefined;
  const isOther = failed.cause === OTHER_VERSION;
  return {
    workflowId,
    attempts,
    why: isOther ? 'other-version' : 'failing',
    reason: failed.failure?.message ?? 'no reason was given',
  };
}

/** Signals that came since stand behind it. */
function isEndOfTask(event: proto.temporal.api.history.v1.IHistoryEvent): boolean {
  return (
    event.workflowTaskFailedEventAttributes != null ||
    event.workflowTaskCompletedEventAttributes != null
  );
}
