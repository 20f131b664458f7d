import { Context } from '@temporalio/activity';
import type { CellOutcome, CellRecord } from '../model/cell.ts';
import type { KernelKey } from '../model/kernel.ts';
import type { LogFields } from '../model/log-line.ts';
import type { EndedCell, PlannedCell } from '../model/plan.ts';
import type { SourceDigests } from '../model/source-digests.ts';
import { needsBuild } from '../model/verdict.ts';
import { memoryOf, updateMemory } from '../plan/failure-memory.ts';
import type { Records } from './records.ts';

export interface OutcomeDeps {
  readonly records: Records;
  readonly now: () => Date;
  readonly onChange: () => void;
  /** Is told of each end that was written down, and who wrote it. */
  readonly onEnd?: (end: CellEnd, writer: LogFields) => void;
}

/** A cell and how the work on it ended; without digests where its source could not be read. */
export type CellEnd = Pick<PlannedCell, 'stream' | 'kmod' | 'release' | 'arch' | 'verdict'> &
  Partial<SourceDigests> & {
    readonly outcome: CellOutcome;
    /** What it was built with, if it came to that. */
    readonly toolchain?: string;
  };

/** See {@link outcomeActivities}. */
export type OutcomeActivities = ReturnType<typeof outcomeActivities>;

/** Activities that write down how cells ended; each cell's file has its workflow as only writer. */
export function outcomeActivities({ records, now, onChange, onEnd }: OutcomeDeps) {
  async function recordOutcome(end: CellEnd): Promise<void> {
    await write(end);
    onChange();
  }

  /** Writes down all cells of a kernel that need no build. */
  async function recordUnbuilt(request: { readonly ends: readonly CellEnd[] }): Promise<void> {
    for (const end of request.ends) await write(end);
    onChange();
  }

  /** Writes down cells of the recorded plan that are not built; those that are not in it any more are left out. */
  async function recordFromPlan(
    request: KernelKey & { readonly ends: readonly EndedCell[] },
  ): Promise<void> {
    const plan = await records.readPlan(request);
    const cells = new Map(plan?.cells.map((cell) => [cell.kmod, cell]));
    for (const { kmod, outcome } of request.ends) {
      const cell = cells.get(kmod);
      // What is blocked may be so only in the part of the plan that was gone through.
      const verdict = outcome.kind === 'blocked' ? outcome : cell?.verdict;
      if (cell && verdict) await write({ ...cell, verdict, outcome });
    }
    onChange();
  }

  /** Writes down that a kernel's rollout came to its end, with all its kmods, good or bad. */
  async function recordRollout(
    rollout: KernelKey & { readonly kmods: readonly string[] },
  ): Promise<void> {
    const { stream, release } = rollout;
    const kmods = [...rollout.kmods].sort();
    await records.writeRollout({ stream, release, kmods, endedAt: now().toISOString() });
  }

  async function write(end: CellEnd): Promise<void> {
    const { stream, kmod, release, arch, verdict, outcome } = end;
    const before = await records.readCell(end);
    if (isKnownFailure(outcome, before)) return;
    const failure = updateMemory(memoryOf(before), end, now().toISOString());
    const lastBuild = outcome.kind === 'published' ? outcome : before?.lastBuild;
    const { workflowExecution, activityType, attempt } = Context.current().info;
    const record: CellRecord = {
      stream,
      kmod,
      release,
      arch,
      verdict,
      // A build for this very kernel that is kept stays what it was: published.
      outcome: outcome.kind === 'kept' && lastBuild && !needsBuild(verdict) ? lastBuild : outcome,
      ...(lastBuild ? { lastBuild } : {}),
      ...listDigests(end),
      ...(failure ? { failure } : {}),
      updatedAt: now().toISOString(),
      workflowId: workflowExecution?.workflowId ?? '',
      runId: workflowExecution?.runId ?? '',
    };
    await records.writeCell(record);
    const { workflowId, runId } = record;
    const writer = { workflowId, runId, activity: activityType, attempt };
    onEnd?.(end, { ...writer, kmod, stream, kernel: release, outcome: outcome.kind });
  }

  return { recordOutcome, recordUnbuilt, recordFromPlan, recordRollout };
}

/** The record of a failure says more than that it is not tried again. */
function isKnownFailure(outcome: CellOutcome, before: CellRecord | undefined): boolean {
  const isPutOff = outcome.kind === 'deferred' && outcome.deferral.why === 'failed-before';
  return isPutOff && before?.outcome.kind === 'failed';
}

function listDigests({ sourceDigest, inputDigest }: CellEnd): Pick<CellRecord, 'planned'> {
  if (sourceDigest === undefined || inputDigest === undefined) return {};
  return { planned: { sourceDigest, inputDigest } };
}
