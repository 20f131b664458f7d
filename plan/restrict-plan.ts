import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import { needsBuild, type Verdict } from '../model/verdict.ts';
import type { RolloutPart } from '../model/workflow-messages.ts';

/**
 * Restricts a plan to some of its kmods. What needs a kmod that is left out and has no build to go by is
 * blocked by it: nobody builds that one now.
 */
export function restrictPlan(plan: RebuildPlan, kmods: ReadonlySet<string>): RebuildPlan {
  const lacking = new Set(
    plan.cells.filter((cell) => !kmods.has(cell.kmod) && isLacking(cell)).map(({ kmod }) => kmod),
  );
  const cells = plan.cells.filter(({ kmod }) => kmods.has(kmod));
  return { ...plan, cells: cells.map((cell) => blockBy(cell, lacking)) };
}

/** Restricts a plan to kmods whose source is new and to those that need a kmod that was built by itself. */
export function restrictToPart(
  plan: RebuildPlan,
  { dependantsOf, newSourcesOf }: RolloutPart,
): RebuildPlan {
  const dependants = findDependants(plan, [...dependantsOf, ...newSourcesOf]);
  return restrictPlan(plan, new Set([...newSourcesOf, ...dependants]));
}

/** Lists the kmods of a plan that need one of the given ones, be it by way of others. */
export function findDependants(plan: RebuildPlan, kmods: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  const left = [...kmods];
  for (let kmod = left.pop(); kmod !== undefined; kmod = left.pop()) {
    for (const cell of plan.cells) {
      if (found.has(cell.kmod) || !cell.needs.includes(kmod)) continue;
      found.add(cell.kmod);
      left.push(cell.kmod);
    }
  }
  return found;
}

function blockBy(cell: PlannedCell, lacking: ReadonlySet<string>): PlannedCell {
  if (!needsBuild(cell.verdict)) return cell;
  const by = cell.needs.find((need) => lacking.has(need));
  return by === undefined ? cell : { ...cell, wave: 0, verdict: { kind: 'blocked', by } };
}

/** Reasons for another build of what works in the kernel as it is. */
const MERE_REASONS: ReadonlySet<Extract<Verdict, { kind: 'rebuild' }>['why']> = new Set([
  'forced',
  'source-changed',
  'builder-changed',
  'provider-rebuilt',
] as const);

/** Whether nothing of a kmod serves the kernel. */
function isLacking({ verdict, buildNumber }: PlannedCell): boolean {
  if (verdict.kind === 'blocked' || verdict.kind === 'broken') return true;
  if (verdict.kind !== 'rebuild') return false;
  // The first number is that of a cell without a build for this very kernel.
  return buildNumber === 1 || !MERE_REASONS.has(verdict.why);
}
