import { type FailureKind, RekmodError } from '../model/errors.ts';
import { kindOfError } from '../plan/failure-policies.ts';

/** What a program throws that does something it cannot mean. */
const MISTAKES = [TypeError, RangeError, ReferenceError, SyntaxError] as const;

/**
 * Says of which kind an error is.
 *
 * @returns undefined for what is no failure of rekmod's to judge: a cancellation, an error of Temporal's SDK, anything
 *   nobody knows.
 */
export function classifyError(error: unknown): FailureKind | undefined {
  if (error instanceof RekmodError) return kindOfError(error);
  if (!(error instanceof Error)) return undefined;
  const system = classifySystemError(error);
  if (system) return system;
  if (error.message.startsWith('BUG: ') || error.name === 'AssertionError') return 'bug';
  // Node's fetch wraps trouble of the network in a TypeError.
  const isMistake = MISTAKES.some((kind) => error instanceof kind) && error.cause === undefined;
  return isMistake ? 'bug' : undefined;
}

function classifySystemError(error: Error): FailureKind | undefined {
  if ('code' in error && typeof error.code === 'string' && 'errno' in error) {
    return 'machine';
  }
  // gRPC's errors have a number and a sentence.
  const isOfTemporal = error.name === 'ServiceError' || ('code' in error && 'details' in error);
  return isOfTemporal ? 'temporal' : undefined;
}
