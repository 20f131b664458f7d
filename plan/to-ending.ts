import type { CellOutcome } from '../model/cell.ts';
import type { CellEnding } from '../model/workflow-messages.ts';

const MAX_REASON_LENGTH = 160;

/** Keeps of an outcome what a rollout of thousands can keep of each: its kind, and why it failed. */
export function toEnding(outcome: CellOutcome): CellEnding {
  const { kind } = outcome;
  if (kind === 'failed') return { kind, reason: outcome.reason.slice(0, MAX_REASON_LENGTH) };
  return kind === 'blocked' ? { kind, reason: `by ${outcome.by}` } : { kind };
}
