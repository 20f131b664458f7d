import type { CellOutcome } from '../model/cell.ts';
import type { Verdict } from '../model/verdict.ts';

/** How a cell ends that needs no build; undefined for one that does. */
export function unbuiltOutcome(verdict: Verdict): CellOutcome | undefined {
  switch (verdict.kind) {
    case 'keep':
      return { kind: 'kept' };
    case 'excluded':
      return { kind: 'excluded' };
    case 'blocked':
      return verdict;
    case 'rebuild':
    case 'broken':
      return undefined;
  }
}
