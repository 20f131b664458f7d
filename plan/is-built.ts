import type { PlannedCell } from '../model/plan.ts';
import { needsBuild } from '../model/verdict.ts';

/** Whether a cell of a plan is built when the plan is executed: it must be, and is not put off. */
export function isBuilt({ verdict, deferral }: Pick<PlannedCell, 'verdict' | 'deferral'>): boolean {
  return deferral === undefined && needsBuild(verdict);
}
