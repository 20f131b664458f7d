import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  executeChild,
  isCancellation,
  ParentClosePolicy,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type { UnreadableKmod } from '../activities/assess.ts';
import type { Buildroot } from '../containers/backend.ts';
import type { CellOutcome } from '../model/cell.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import { buildQueue } from '../model/task-queues.ts';
import { rebuildId } from '../model/workflow-ids.ts';
import type { RolloutInput, RolloutResult } from '../model/workflow-messages.ts';
import { dispatchOrder } from '../plan/dispatch-order.ts';
import { findBlocker } from '../plan/find-blocker.ts';
import { isBuilt } from '../plan/is-built.ts';
import { keepWithinBudget } from '../plan/keep-within-budget.ts';
import { findDependants, restrictPlan } from '../plan/restrict-plan.ts';
import { unbuiltOutcome } from '../plan/unbuilt-outcome.ts';
import { explainCell } from '../report/explain-cell.ts';
import { explanationToMarkdown } from '../report/explanation-markdown.ts';
import { rolloutMarkdown } from '../report/rollout-markdown.ts';
import { toSummary } from '../report/text-size.ts';
import { assess, build, handOver, outcomes } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { mapWindowed } from './map-windowed.ts';
import { resumeSignal } from './messages.ts';
import { rebuildKmod } from './rebuild-kmod.ts';
import { setAttributes, toPairs } from './search-attributes.ts';
import { tellGate } from './tell-gate.ts';
import { troubleOf } from './trouble-of.ts';

type Outcomes = Map<string, CellOutcome>;

/**
 * Brings one kernel to its end: plan all cells, prepare one buildroot, rebuild what must be rebuilt
 * in waves, a bounded number at once. One kmod that fails holds up only those that need it; they are
 * built when it was healed by itself (signal `resume`).
 */
export async function rolloutKernel(input: RolloutInput): Promise<RolloutResult> {
  const { after, afterRun } = input;
  const resumed = new Set(input.dependantsOf);
  const renewed = new Set(input.newSourcesOf);
  setHandler(resumeSignal, ({ kmod, newSourcesOf = [] }) => {
    if (kmod !== undefined) resumed.add(kmod);
    for (const name of newSourcesOf) renewed.add(name);
  });
  if (after !== undefined) {
    await handOver.awaitEnd.executeWithOptions(
      { summary: `Wait for ${after}: what it builds may serve this kernel as well` },
      [{ workflowId: after, ...(afterRun === undefined ? {} : { runId: afterRun }) }],
    );
  }
  const all: Outcomes = new Map();
  const isPart = input.dependantsOf !== undefined || input.newSourcesOf !== undefined;
  let plan = isPart ? undefined : await rollOut(input, all);
  while (!plan || resumed.size + renewed.size > 0) {
    const part = { dependantsOf: [...resumed], newSourcesOf: [...renewed] };
    resumed.clear();
    renewed.clear();
    plan = await rollOut(input, all, part);
  }
  const result = summarize(plan, all);
  setAttributes({ outcome: result.failedCount > 0 ? 'failed' : 'done' }, input.options);
  return result;
}

/** Those of a kernel's cells that are looked at: what needs these kmods, and those with a new source themselves. */
interface Part {
  readonly dependantsOf: readonly string[];
  readonly newSourcesOf: readonly string[];
}

/**
 * Goes once through a kernel's cells.
 *
 * @param part All of them when absent.
 */
async function rollOut(input: RolloutInput, all: Outcomes, part?: Part): Promise<RebuildPlan> {
  const { stream, release, forced } = input;
  const { plan: whole, unreadable } = await assess.planKernel.executeWithOptions(
    { summary: `Compare the kABI of ${release} with what every kmod imports` },
    [{ stream, release, forced }],
  );
  const asked = part ? restrictPlan(whole, listPart(whole, part)) : whole;
  const plan = keepWithinBudget(asked, input.options.rolloutBudgetMs);
  if (part) markResumed(input, plan);
  const ended: Outcomes = new Map();
  showPlan(plan, ended);
  await recordUnbuilt(plan, ended);
  const faults = unreadable.filter(({ kmod }) => !part || part.newSourcesOf.includes(kmod));
  for (const fault of faults) await recordUnreadable(plan, fault, ended);
  const cells = plan.cells.filter(isBuilt);
  // What is kept may be all that the gate waits for; each rebuild tells it of itself.
  if (cells.length > 0 && ended.size > 0) await tellGate(stream, input.options);
  if (cells.length > 0) await rebuildCells(input, plan, { cells, ended });
  showPlan(plan, ended);
  for (const [kmod, outcome] of ended) all.set(kmod, outcome);
  if (!part) await recordRollout(plan, ended);
  await tellGate(stream, input.options);
  return plan;
}

function listPart(plan: RebuildPlan, { dependantsOf, newSourcesOf }: Part): ReadonlySet<string> {
  const dependants = findDependants(plan, [...dependantsOf, ...newSourcesOf]);
  return new Set([...newSourcesOf, ...dependants]);
}

/** Nobody gave such a rollout its attributes when it began. */
function markResumed(
  { options, trigger }: RolloutInput,
  { stream, release, arch }: RebuildPlan,
): void {
  if (trigger === 'new-provider' || trigger === 'new-source' || trigger === 'retry')
    setAttributes({ stream, kernel: release, arch, trigger }, options);
}

async function recordRollout({ stream, release }: RebuildPlan, ended: Outcomes): Promise<void> {
  await outcomes.recordRollout.executeWithOptions({ summary: `Record that ${release} is done` }, [
    { stream, release, kmods: [...ended.keys()] },
  ]);
}

function showPlan(plan: RebuildPlan, ended: Outcomes): void {
  setCurrentDetails(rolloutMarkdown(plan, ended));
}

async function recordUnbuilt(plan: RebuildPlan, ended: Outcomes): Promise<void> {
  const ends = plan.cells.flatMap((cell) => {
    const outcome = unbuiltOutcome(cell);
    if (outcome) ended.set(cell.kmod, outcome);
    return outcome ? [{ ...cell, outcome }] : [];
  });
  if (ends.length === 0) return;
  await outcomes.recordUnbuilt.executeWithOptions(
    { summary: `Record ${ends.length} kmods that need no build` },
    [{ ends }],
  );
}

async function recordUnreadable(
  { stream, release, arch }: RebuildPlan,
  { kmod, ...why }: UnreadableKmod,
  ended: Outcomes,
): Promise<void> {
  const outcome: CellOutcome = { kind: 'failed', step: 'prepare', ...why, durationMs: 0 };
  ended.set(kmod, outcome);
  await outcomes.recordOutcome.executeWithOptions(
    { summary: toSummary(`${kmod}: ${why.reason}`) },
    [{ stream, release, arch, kmod, verdict: { kind: 'rebuild', why: 'never-built' }, outcome }],
  );
}

interface Work {
  readonly cells: readonly PlannedCell[];
  readonly ended: Outcomes;
}

async function rebuildCells(input: RolloutInput, plan: RebuildPlan, work: Work): Promise<void> {
  const buildroot = await prepare(input, plan, work);
  if (!buildroot) return;
  const waves = Math.max(...work.cells.map((cell) => cell.wave));
  for (let wave = 0; wave <= waves; wave++) {
    const cells = dispatchOrder(work.cells.filter((cell) => cell.wave === wave));
    await mapWindowed(cells, input.options.window, async (cell) => {
      work.ended.set(cell.kmod, await rebuildOne(input, { cell, buildroot, ended: work.ended }));
      showPlan(plan, work.ended);
    });
  }
}

/** Without a buildroot nothing of this kernel can be built: every cell says so, with the reason. */
async function prepare(
  { stream, release, options }: RolloutInput,
  plan: RebuildPlan,
  { cells, ended }: Work,
): Promise<Buildroot | undefined> {
  try {
    return await build.prepareBuildroot.executeWithOptions(
      {
        summary: `Prepare a buildroot with kernel-devel ${release} for ${cells.length} kmods`,
        taskQueue: buildQueue(plan.arch),
        startToCloseTimeout: options.prepareTimeoutMs,
      },
      [{ stream, release }],
    );
  } catch (error) {
    if (isCancellation(error)) throw error;
    const reason = describeFailure(error);
    const outcome: CellOutcome = {
      ...{ kind: 'failed', step: 'prepare', reason, durationMs: 0 },
      ...troubleOf(error),
    };
    for (const cell of cells) ended.set(cell.kmod, outcome);
    await outcomes.recordUnbuilt.executeWithOptions(
      { summary: `Record ${cells.length} kmods that have no buildroot` },
      [{ ends: cells.map((cell) => ({ ...cell, outcome })) }],
    );
    return undefined;
  }
}

async function rebuildOne(
  input: RolloutInput,
  { cell, buildroot, ended }: { cell: PlannedCell; buildroot: Buildroot; ended: Outcomes },
): Promise<CellOutcome> {
  const blocker = findBlocker(cell, ended);
  if (blocker !== undefined) return await block(cell, blocker);
  const workflowId = rebuildId(cell);
  const { kmod, stream, release, arch, verdict } = cell;
  const { trigger, options } = input;
  const explanation = explainCell(cell);
  const attributes = { kmod, stream, kernel: release, arch, trigger, verdict: verdict.kind };
  try {
    const result = await executeChild(rebuildKmod, {
      workflowId,
      args: [
        { kmod, stream, release, trigger, isForced: false, options, prepared: { cell, buildroot } },
      ],
      staticSummary: toSummary(explanation.headline),
      staticDetails: explanationToMarkdown(explanation),
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      ...(options.hasSearchAttributes ? { typedSearchAttributes: toPairs(attributes) } : {}),
    });
    return result.outcome;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return await join(cell);
    return await recordFailure(cell, error);
  }
}

/** Somebody triggered the same cell by hand a moment ago: one run, and its end is ours too. */
async function join(cell: PlannedCell): Promise<CellOutcome> {
  try {
    const joined = await handOver.joinRebuild.executeWithOptions(
      { summary: `Wait for the rebuild of ${cell.kmod} that is running already` },
      [{ workflowId: rebuildId(cell) }],
    );
    return joined.outcome;
  } catch (error) {
    return await recordFailure(cell, error);
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

async function block(cell: PlannedCell, by: string): Promise<CellOutcome> {
  const outcome: CellOutcome = { kind: 'blocked', by };
  await outcomes.recordOutcome.executeWithOptions(
    { summary: `${cell.kmod} is blocked: ${by}, whose symbols it needs, failed` },
    [{ ...cell, verdict: { kind: 'blocked', by }, outcome }],
  );
  return outcome;
}

function summarize(plan: RebuildPlan, ended: Outcomes): RolloutResult {
  const kinds = [...ended.values()].map((outcome) => outcome.kind);
  const count = (...wanted: readonly CellOutcome['kind'][]): number =>
    kinds.filter((kind) => wanted.includes(kind)).length;
  return {
    stream: plan.stream,
    release: plan.release,
    builtCount: count('published'),
    keptCount: count('kept', 'excluded'),
    failedCount: count('failed', 'blocked', 'cancelled', 'deferred'),
    cells: [...ended].map(([kmod, outcome]) => ({ kmod, outcome: outcome.kind })),
  };
}
