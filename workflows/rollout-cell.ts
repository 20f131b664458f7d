import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  executeChild,
  isCancellation,
  ParentClosePolicy,
} from '@temporalio/workflow';
import type { CellOutcome } from '../model/cell.ts';
import type { PlannedCell } from '../model/plan.ts';
import { rebuildId } from '../model/workflow-ids.ts';
import type { Pace, PreparedBuildroot, RolloutInput } from '../model/workflow-messages.ts';
import { explainCell } from '../report/explain-cell.ts';
import { explanationToMarkdown } from '../report/explanation-markdown.ts';
import { toSummary } from '../report/text-size.ts';
import { handOver, outcomes } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { rebuildKmod } from './rebuild-kmod.ts';
import { toPairs } from './search-attributes.ts';
import { troubleOf } from './trouble-of.ts';

/** How the rebuild of a cell ended, and how fast it was where that is known. */
export interface RebuildEnd {
  readonly outcome: CellOutcome;
  readonly pace?: Pace;
}

/** Has a cell rebuilt by a child workflow; whatever becomes of that, it is an outcome. */
export async function rebuildCell(
  { trigger, options }: RolloutInput,
  cell: PlannedCell,
  buildroot: PreparedBuildroot,
): Promise<RebuildEnd> {
  const { kmod, stream, release, arch, verdict } = cell;
  const explanation = explainCell(cell);
  const attributes = { kmod, stream, kernel: release, arch, trigger, verdict: verdict.kind };
  try {
    return await executeChild(rebuildKmod, {
      workflowId: rebuildId(cell),
      args: [
        { kmod, stream, release, trigger, isForced: false, options, prepared: { cell, buildroot } },
      ],
      staticSummary: toSummary(explanation.headline),
      staticDetails: explanationToMarkdown(explanation),
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      ...(options.hasSearchAttributes ? { typedSearchAttributes: toPairs(attributes) } : {}),
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return await join(cell);
    return { outcome: await recordFailure(cell, error) };
  }
}

/** Records that a cell waits for a kmod that failed. */
export async function blockCell(cell: PlannedCell, by: string): Promise<RebuildEnd> {
  const outcome: CellOutcome = { kind: 'blocked', by };
  await outcomes.recordOutcome.executeWithOptions(
    { summary: `${cell.kmod} is blocked: ${by}, whose symbols it needs, failed` },
    [{ ...cell, verdict: { kind: 'blocked', by }, outcome }],
  );
  return { outcome };
}

/** Somebody triggered the same cell by hand a moment ago: one run, and its end is ours too. */
async function join(cell: PlannedCell): Promise<RebuildEnd> {
  try {
    return await handOver.joinRebuild.executeWithOptions(
      { summary: `Wait for the rebuild of ${cell.kmod} that is running already` },
      [{ workflowId: rebuildId(cell) }],
    );
  } catch (error) {
    return { outcome: await recordFailure(cell, error) };
  }
}

/** A rebuild that a person ended, or that could not be recorded, holds up no other. */
async function recordFailure(cell: PlannedCell, error: unknown): Promise<CellOutcome> {
  if (isCancellation(error) && CancellationScope.current().consideredCancelled) throw error;
  const reason = describeFailure(error);
  const outcome: CellOutcome = {
    ...{ kind: 'failed', step: 'prepare', reason, durationMs: 0 },
    ...troubleOf(error),
  };
  await outcomes.recordOutcome.executeWithOptions(
    { summary: toSummary(`${cell.kmod}: ${reason}`) },
    [{ ...cell, outcome }],
  );
  return outcome;
}
