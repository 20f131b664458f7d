import type { CellOutcome } from '../model/cell.ts';
import type { PlannedCell } from '../model/plan.ts';

/**
 * Finds the kmod that keeps a cell from being built: one that it needs and that has no build for
 * this kernel.
 */
export function findBlocker(
  cell: Pick<PlannedCell, 'needs'>,
  ended: ReadonlyMap<string, Pick<CellOutcome, 'kind'>>,
): string | undefined {
  return cell.needs.find((kmod) => {
    const kind = ended.get(kmod)?.kind;
    return kind === 'failed' || kind === 'blocked' || kind === 'cancelled' || kind === 'deferred';
  });
}
