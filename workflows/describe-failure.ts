import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure } from '@temporalio/workflow';

/** The sentence inside Temporal's layers: what our own code said, or the SDK for it. */
export function describeFailure(error: unknown): string {
  if (error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) {
    return error.cause ? describeFailure(error.cause) : error.message;
  }
  if (error instanceof ApplicationFailure && error.type) return `${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
