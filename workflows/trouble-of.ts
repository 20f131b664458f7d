import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { CellOutcome } from '../model/cell.ts';
import { FAILURE_POLICIES } from '../plan/failure-policies.ts';

/** What else than a kmod a failure comes from; nothing where the kmod itself is at fault, or a person ended the work. */
export type Trouble = Pick<Extract<CellOutcome, { readonly kind: 'failed' }>, 'trouble'>;

type Kind = keyof typeof FAILURE_POLICIES;

/** Reads from a failure of Temporal's what the interceptor of activities said of it. */
export function troubleOf(error: unknown): Trouble {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  // A worker that died, or a call that took too long.
  if (cause instanceof TimeoutFailure) return { trouble: 'machine' };
  if (!(cause instanceof ApplicationFailure)) return {};
  const kind = kindOf(cause.details?.[0]);
  return kind === 'outcome' ? {} : { trouble: kind };
}

/** What nobody classified is trouble of the machine, so that it is not taken for a fault of the kmod. */
function kindOf(detail: unknown): Kind {
  if (typeof detail !== 'object' || detail === null || !('kind' in detail)) return 'machine';
  const known = Object.keys(FAILURE_POLICIES).filter((kind): kind is Kind => kind === detail.kind);
  return known[0] ?? 'machine';
}
