import type { CellOutcome } from '../model/cell.ts';
import type { PlannedCell } from '../model/plan.ts';

/** How a cell ends that is not built; undefined for one that is. */
export function unbuiltOutcome({
  verdict,
  deferral,
}: Pick<PlannedCell, 'verdict' | 'deferral'>): CellOutcome | undefined {
  switch (verdict.kind) {
    case 'keep':
      return { kind: 'kept' };
    case 'excluded':
      return { kind: 'excluded' };
    case 'blocked':
      return verdict;
    case 'rebuild':
    case 'broken':
      return deferral && { kind: 'deferred', deferral };
  }
}
