import { ActivityFailure, ChildWorkflowFailure, TemporalFailure } from '@temporalio/workflow';

/**
 * The sentence inside Temporal's layers: what our own code said, or the SDK for it.
 *
 * @throws What is no failure of an activity or a child but a bug of the workflow itself: it is
 *   nobody's outcome, and fails the workflow task where everybody sees it.
 */
export function describeFailure(error: unknown): string {
  if (!(error instanceof TemporalFailure)) throw error;
  return innermost(error).message;
}

function innermost(error: Error): Error {
  const isLayer = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;
  return isLayer && error.cause ? innermost(error.cause) : error;
}
