/** The error below all others: Temporal's failures are wrapped a few times on their way. */
export function innermostCause(error: Error): Error {
  return error.cause instanceof Error ? innermostCause(error.cause) : error;
}
