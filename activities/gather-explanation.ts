import type { CellKey, CellRecord } from '../model/cell.ts';
import type { Explanation } from '../model/explanation.ts';
import type { PlannedCell } from '../model/plan.ts';
import { memoryOf } from '../plan/failure-memory.ts';
import { describeRetry } from '../report/describe-deferral.ts';
import { explainCell } from '../report/explain-cell.ts';
import { type AssessDeps, assessForRollout } from './assess.ts';

/** An explanation of a cell, and what it was made from. */
export interface GatheredExplanation extends Explanation {
  /** What the work on the cell ended with; absent before the first end. */
  readonly record?: CellRecord;
  /** What is planned at this moment; absent where the source cannot be read. */
  readonly now?: PlannedCell;
  /** Why the source cannot be read. */
  readonly fault?: string;
}

/**
 * Gathers what the data directory and the configuration say about a cell. Reads only.
 *
 * @throws {NotFoundError} If the kernel is not known.
 */
export async function gatherExplanation(
  { stream, release, kmod }: CellKey,
  deps: Omit<AssessDeps, 'onChange'>,
  signal: AbortSignal,
): Promise<GatheredExplanation> {
  const record = await deps.records.readCell({ stream, release, kmod });
  const { plan, unreadable } = await assessForRollout(
    { stream, release, forced: [] },
    deps,
    signal,
  );
  const now = plan.cells.find((cell) => cell.kmod === kmod);
  const isGated = deps.settings.streams.some(({ name, gate }) => name === stream && gate);
  const gates = isGated ? await deps.records.readGate(stream) : undefined;
  const gate = gates?.kernels.find((kernel) => kernel.release === release);
  const memory = memoryOf(record);
  const fault = unreadable.find((candidate) => candidate.kmod === kmod)?.reason;
  const explanation = explainCell({
    ...{ stream, release, kmod, fault, gate },
    verdict: record?.verdict ?? now?.verdict,
    now: now?.verdict,
    needReasons: now?.needReasons,
    deferral: now?.deferral,
    retry:
      memory && record?.outcome.kind === 'failed'
        ? describeRetry(memory, deps.settings.failures)
        : undefined,
    ...(record ? { outcome: record.outcome, ended: record } : {}),
  });
  return {
    ...explanation,
    ...(record ? { record } : {}),
    ...(now ? { now } : {}),
    ...(fault === undefined ? {} : { fault }),
  };
}
