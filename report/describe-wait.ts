import type { CellRecord } from '../model/cell.ts';
import type { CellState } from '../model/cell-state.ts';
import type { Deferral } from '../model/failure-memory.ts';
import type { RebuildStep } from '../model/rebuild-step.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import { cleanText } from './clean-text.ts';

const STEP_WORDS: Readonly<Record<RebuildStep, string>> = {
  prepare: 'its buildroot could not be prepared',
  build: 'build failed',
  verify: 'what was built is refused',
  load: 'the real kernel refused it',
  sign: 'signing failed',
  publish: 'publishing failed',
};

const DEFERRAL_WORDS: Readonly<Record<Deferral['why'], string>> = {
  'failed-before': 'failed before from the same source',
  'circuit-open': 'not tried, it failed for other kernels',
  'over-budget': 'put off to a later rollout',
};

/** How a cell stands for the gate: the modules that are served for its kernel count, whatever failed since. */
export interface ServedState {
  readonly state: CellState;
  /** In a few words, e.g. `build failed`. */
  readonly why: string;
}

/**
 * Says how a cell stands for the gate.
 *
 * @param record How the last work on it ended, if any did.
 * @param planned What is to be done about it, if that is known.
 */
export function findServedState(
  record: Pick<CellRecord, 'outcome' | 'verdict' | 'lastBuild'> | undefined,
  planned: Verdict | undefined,
): ServedState {
  if (record?.lastBuild) return { state: 'built', why: 'built' };
  if (record) return describeEnd(record);
  if (planned === undefined) return { state: 'unknown', why: 'not looked at yet' };
  if (needsBuild(planned)) return { state: 'waiting', why: 'to be built' };
  // It is recorded in a moment.
  return { state: 'unknown', why: 'judged, not recorded yet' };
}

function describeEnd({ outcome, verdict }: Pick<CellRecord, 'outcome' | 'verdict'>): ServedState {
  switch (outcome.kind) {
    case 'published':
      return { state: 'built', why: 'built' };
    case 'kept':
      return { state: 'kept', why: 'kept' };
    case 'excluded':
      return { state: 'excluded', why: describeExcluded(verdict) };
    case 'blocked':
      return { state: 'blocked', why: `blocked by ${cleanText(outcome.by, 64)}` };
    case 'cancelled':
      return { state: 'cancelled', why: 'its build was stopped by hand' };
    case 'failed':
      return { state: 'failed', why: STEP_WORDS[outcome.step] };
    case 'deferred':
      return { state: 'waiting', why: DEFERRAL_WORDS[outcome.deferral.why] };
    default:
      return unreachable(outcome);
  }
}

function describeExcluded(verdict: Verdict): string {
  if (verdict.kind === 'excluded' && verdict.why === 'frozen') {
    return `frozen ${cleanText(verdict.limit, 120)}`;
  }
  return 'out of its kernel range';
}

function unreachable(value: never): never {
  throw new Error(`BUG: unknown kind ${JSON.stringify(value)}`);
}
