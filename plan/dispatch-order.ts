import type { PlannedCell } from '../model/plan.ts';

/**
 * Orders cells for builders: what a kernel is held for before the rest; then the longest first, so that no builder
 * ends with a long build while the others idle. Kmods that were never built may be long, so they come before all.
 */
export function dispatchOrder(cells: readonly PlannedCell[]): readonly PlannedCell[] {
  return cells.toSorted(
    (a, b) =>
      Number(b.required) - Number(a.required) ||
      compareExpected(b, a) ||
      (a.kmod < b.kmod ? -1 : 1),
  );
}

function compareExpected(a: PlannedCell, b: PlannedCell): number {
  const [one, other] = [a, b].map((cell) => cell.expectedSeconds ?? Number.MAX_SAFE_INTEGER);
  return (one ?? 0) - (other ?? 0);
}
