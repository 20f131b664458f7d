import { Context } from '@temporalio/activity';
import type { SignatureRequester } from './signature-log.ts';

/** Names whom the running activity works for. */
export function describeRequester(): SignatureRequester {
  const { workflowExecution, activityType, attempt } = Context.current().info;
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  return { workflowId, runId, activity: activityType, attempt };
}
