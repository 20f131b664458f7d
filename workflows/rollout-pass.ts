import { isCancellation, workflowInfo } from '@temporalio/workflow';
import type { UnreadableKmod } from '../activities/assess.ts';
import type { CellOutcome } from '../model/cell.ts';
import type {
  EndedCell,
  OutlinedCell,
  PlannedCell,
  PlanOutline,
  RebuildPlan,
} from '../model/plan.ts';
import { buildQueue } from '../model/task-queues.ts';
import type {
  CellEnding,
  Pace,
  PreparedBuildroot,
  RolloutInput,
  RolloutPart,
  RolloutProgress,
} from '../model/workflow-messages.ts';
import { addPace, chooseWindow } from '../plan/choose-window.ts';
import { findBlocker } from '../plan/find-blocker.ts';
import { keepWithinBudget } from '../plan/keep-within-budget.ts';
import { orderBuilds, splitWaves } from '../plan/outline-plan.ts';
import { restrictToPart } from '../plan/restrict-plan.ts';
import { toEnding } from '../plan/to-ending.ts';
import { unbuiltOutcome } from '../plan/unbuilt-outcome.ts';
import { toSummary } from '../report/text-size.ts';
import { assess, build, outcomes } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { blockCell, rebuildCell } from './rollout-cell.ts';
import { displayCells, displayCounts, type RolloutDisplay } from './rollout-display.ts';
import { setAttributes } from './search-attributes.ts';
import { tellGate } from './tell-gate.ts';
import { troubleOf } from './trouble-of.ts';
import { workWindowed } from './work-windowed.ts';

/** How cells ended, by kmod. */
export type Endings = Map<string, CellEnding>;

/** One way through a kernel's cells. */
export interface Pass {
  /** Without cells where they are too many to travel. */
  readonly plan: RebuildPlan;
  /** Absent where all cells are gone through. */
  readonly part: RolloutPart | undefined;
  /** What was not begun, in order. */
  left: readonly OutlinedCell[];
  readonly ended: Endings;
  readonly cells: CellReader;
  readonly display: RolloutDisplay;
  /** Absent before it is prepared. */
  buildroot: PreparedBuildroot | undefined;
  paces: readonly Pace[];
}

/** Gives a planned cell that is to be built. */
type CellReader = { readonly isOutlined: boolean; read(kmod: string): Promise<PlannedCell> };

/** So many cells of a large plan are read at once: 50 are 50 kB, 500 with many changed symbols each. */
const PAGE_SIZE = 50;

/** Plans the cells and records those that need no build. */
export async function beginPass(input: RolloutInput, part?: RolloutPart): Promise<Pass> {
  const { stream, release, forced } = input;
  const { rolloutBudgetMs: budgetMs } = input.options;
  const limits = { ...(part && { part }), ...(budgetMs !== undefined && { budgetMs }) };
  const assessed = await assess.planKernel.executeWithOptions(
    { summary: `Compare the kABI of ${release} with what every kmod imports` },
    [{ stream, release, forced, ...limits }],
  );
  const { outline, unreadable } = assessed;
  const asked = part && !outline ? restrictToPart(assessed.plan, part) : assessed.plan;
  const plan = outline ? asked : keepWithinBudget(asked, budgetMs);
  const left = outline ? outline.toBuild : orderBuilds(plan.cells);
  const ended: Endings = new Map();
  const cellCount = left.length + (outline?.unbuilt.length ?? 0);
  const pass: Pass = {
    ...{ plan, part, left, ended, buildroot: undefined, paces: [] },
    cells: outline ? readPages(plan, left) : readPlan(plan),
    display: outline ? displayCounts(release, { cellCount, ended }) : displayCells(plan),
  };
  if (part) markResumed(input, plan);
  pass.display.show();
  await recordUnbuilt(pass, outline);
  for (const fault of unreadable) {
    if (!part || part.newSourcesOf.includes(fault.kmod)) await recordUnreadable(pass, fault);
  }
  return pass;
}

/** Takes up a pass where the run before left off. */
export function resumePass({ release }: RolloutInput, progress: RolloutProgress): Pass {
  const { plan, part, left, buildroot, paces } = progress;
  const ended: Endings = new Map(progress.ended);
  const cellCount = left.length + ended.size;
  const display = displayCounts(release, { cellCount, ended });
  return { plan, part, left, ended, buildroot, paces, display, cells: readPages(plan, left) };
}

/**
 * Builds what is left of a pass, in waves, a bounded number at once.
 *
 * @returns Whether nothing is left; what is left is for another run, since the history is long.
 */
export async function buildCells(input: RolloutInput, pass: Pass): Promise<boolean> {
  const { left, ended } = pass;
  if (left.length === 0) return true;
  // What is kept may be all that the gate waits for; each rebuild tells it of itself.
  if (pass.buildroot === undefined && ended.size > 0) await tellGate(input.stream, input.options);
  pass.buildroot ??= await prepare(input, pass);
  const { buildroot, display } = pass;
  if (buildroot === undefined) return true;
  const { window: least, widestWindow: most = least } = input.options;
  let begunCount = 0;
  for (const wave of splitWaves(left)) {
    const count = await workWindowed({
      items: wave,
      window: () => chooseWindow(pass.paces, { least, most }),
      isEnough: () => pass.cells.isOutlined && workflowInfo().continueAsNewSuggested,
      work: (cell) => buildOne(input, { cell, pass, buildroot }),
    });
    begunCount += count;
    if (count < wave.length) break;
  }
  pass.left = left.slice(begunCount);
  display.show();
  return pass.left.length === 0;
}

async function buildOne(
  input: RolloutInput,
  {
    cell: { kmod, needs },
    pass,
    buildroot,
  }: { cell: OutlinedCell; pass: Pass; buildroot: PreparedBuildroot },
): Promise<void> {
  pass.display.begin(kmod);
  const { cells } = pass;
  const cell = await cells.read(kmod);
  const blocker = findBlocker({ needs }, pass.ended);
  const { outcome, pace } =
    blocker === undefined
      ? await rebuildCell(input, cell, buildroot)
      : await blockCell(cell, blocker);
  if (pace) pass.paces = addPace(pass.paces, pace);
  note(pass, kmod, outcome);
}

function note({ ended, display }: Pass, kmod: string, outcome: CellOutcome): void {
  ended.set(kmod, toEnding(outcome));
  display.end(kmod, outcome);
}

function readPlan({ cells }: RebuildPlan): CellReader {
  const byKmod = new Map(cells.map((cell) => [cell.kmod, cell]));
  return {
    isOutlined: false,
    async read(kmod) {
      const cell = byKmod.get(kmod);
      if (!cell) throw new Error(`BUG: no cell of ${kmod} in the plan`);
      return cell;
    },
  };
}

/** Reads cells of the recorded plan page by page, when it is the turn of the first of a page. */
function readPages({ stream, release }: RebuildPlan, order: readonly OutlinedCell[]): CellReader {
  const kmods = order.map(({ kmod }) => kmod);
  const indexes = new Map(kmods.map((kmod, index) => [kmod, index]));
  const pages = new Map<number, Promise<readonly PlannedCell[]>>();
  function readPage(start: number): Promise<readonly PlannedCell[]> {
    const wanted = kmods.slice(start, start + PAGE_SIZE);
    return assess.readPlannedCells.executeWithOptions(
      { summary: toSummary(`Read what is planned of ${wanted.length} kmods from ${wanted[0]} on`) },
      [{ stream, release, kmods: wanted }],
    );
  }
  return {
    isOutlined: true,
    async read(kmod) {
      const index = indexes.get(kmod) ?? 0;
      const start = index - (index % PAGE_SIZE);
      const page = pages.get(start) ?? readPage(start);
      pages.set(start, page);
      const cell = (await page)[index - start];
      if (cell?.kmod !== kmod) throw new Error(`BUG: no cell of ${kmod} in its page`);
      return cell;
    },
  };
}

/** Nobody gave such a rollout its attributes when it began. */
function markResumed(
  { options, trigger }: RolloutInput,
  { stream, release, arch }: RebuildPlan,
): void {
  if (trigger === 'new-provider' || trigger === 'new-source' || trigger === 'retry')
    setAttributes({ stream, kernel: release, arch, trigger }, options);
}

async function recordUnbuilt(pass: Pass, outline: PlanOutline | undefined): Promise<void> {
  const ends = outline?.unbuilt ?? listUnbuilt(pass.plan.cells);
  for (const { kmod, outcome } of ends) note(pass, kmod, outcome);
  await recordEnds(pass, ends, `Record ${ends.length} kmods that need no build`);
}

function listUnbuilt(cells: readonly PlannedCell[]): readonly EndedCell[] {
  return cells.flatMap((cell) => {
    const outcome = unbuiltOutcome(cell);
    return outcome ? [{ kmod: cell.kmod, outcome }] : [];
  });
}

/** What is too large to travel is read from the recorded plan. */
async function recordEnds(
  { plan: { stream, release, cells }, cells: { isOutlined } }: Pass,
  ends: readonly EndedCell[],
  summary: string,
): Promise<void> {
  if (ends.length === 0) return;
  if (isOutlined) {
    await outcomes.recordFromPlan.executeWithOptions({ summary }, [{ stream, release, ends }]);
    return;
  }
  const outcomeOf = new Map(ends.map(({ kmod, outcome }) => [kmod, outcome]));
  const whole = cells.flatMap((cell) => {
    const outcome = outcomeOf.get(cell.kmod);
    return outcome ? [{ ...cell, outcome }] : [];
  });
  await outcomes.recordUnbuilt.executeWithOptions({ summary }, [{ ends: whole }]);
}

async function recordUnreadable(pass: Pass, { kmod, ...why }: UnreadableKmod): Promise<void> {
  const { stream, release, arch } = pass.plan;
  const outcome: CellOutcome = { kind: 'failed', step: 'prepare', ...why, durationMs: 0 };
  note(pass, kmod, outcome);
  await outcomes.recordOutcome.executeWithOptions(
    { summary: toSummary(`${kmod}: ${why.reason}`) },
    [{ stream, release, arch, kmod, verdict: { kind: 'rebuild', why: 'never-built' }, outcome }],
  );
}

/** Without a buildroot nothing of this kernel can be built: every cell says so, with the reason. */
async function prepare(
  { stream, release, options }: RolloutInput,
  pass: Pass,
): Promise<PreparedBuildroot | undefined> {
  const { left, plan } = pass;
  try {
    return await build.prepareBuildroot.executeWithOptions(
      {
        summary: `Prepare a buildroot with kernel-devel ${release} for ${left.length} kmods`,
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
    const ends = left.map(({ kmod }) => ({ kmod, outcome }));
    for (const { kmod } of ends) note(pass, kmod, outcome);
    await recordEnds(pass, ends, `Record ${ends.length} kmods that have no buildroot`);
    return undefined;
  }
}
