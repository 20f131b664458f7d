import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import { blockDependants } from './defer-cells.ts';
import { dispatchOrder } from './dispatch-order.ts';
import { isBuilt } from './is-built.ts';

/** A kmod that was never built: most take less than a minute, the large ones ten. */
const UNKNOWN_SECONDS = 300;

/**
 * Puts off what one rollout has no time for. Required kmods come first, each with what it needs; at least one is
 * built, so that what is put off gets its turn in a later rollout.
 *
 * @param budgetMs Builder time, one build after the other; undefined for any.
 */
export function keepWithinBudget(plan: RebuildPlan, budgetMs: number | undefined): RebuildPlan {
  if (budgetMs === undefined) return plan;
  const builds = plan.cells.filter(isBuilt);
  const taken = new Set<string>();
  let leftMs = budgetMs;
  for (const cell of dispatchOrder(builds)) {
    const group = listNeeded(cell, builds).filter(({ kmod }) => !taken.has(kmod));
    const groupMs = 1000 * group.reduce((sum, one) => sum + secondsOf(one), 0);
    if (groupMs > leftMs && taken.size > 0) continue;
    for (const { kmod } of group) taken.add(kmod);
    leftMs -= groupMs;
  }
  const cells = plan.cells.map((cell): PlannedCell => {
    if (!isBuilt(cell) || taken.has(cell.kmod)) return cell;
    return { ...cell, deferral: { why: 'over-budget', budgetMs } };
  });
  return { ...plan, cells: blockDependants(cells) };
}

/** A cell and those that must be built before it. */
function listNeeded(cell: PlannedCell, builds: readonly PlannedCell[]): readonly PlannedCell[] {
  const found = new Set([cell]);
  for (const { needs } of found) {
    for (const need of builds) if (needs.includes(need.kmod)) found.add(need);
  }
  return [...found];
}

function secondsOf({ expectedSeconds = UNKNOWN_SECONDS }: PlannedCell): number {
  return expectedSeconds;
}
