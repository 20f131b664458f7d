import type { OutlinedCell, PlannedCell, PlanOutline, RebuildPlan } from '../model/plan.ts';
import { dispatchOrder } from './dispatch-order.ts';
import { isBuilt } from './is-built.ts';
import { unbuiltOutcome } from './unbuilt-outcome.ts';

/** Temporal refuses payloads of 2 MiB, warns of 512 KiB, and keeps each in a history. */
const MAX_INLINE_BYTES = 256 * 1024;
/** Their rebuilds are about a thousand events, a quarter of what a history should have. */
const MAX_INLINE_CELLS = 100;

/**
 * Tells what stands for the cells of a plan that is too large to travel through Temporal.
 *
 * @returns undefined for a plan that may travel as it is.
 */
export function outlinePlan(plan: RebuildPlan): PlanOutline | undefined {
  const isSmall =
    plan.cells.length <= MAX_INLINE_CELLS && JSON.stringify(plan).length <= MAX_INLINE_BYTES;
  if (isSmall) return undefined;
  return {
    toBuild: orderBuilds(plan.cells).map(({ kmod, wave, needs }) => ({ kmod, wave, needs })),
    unbuilt: plan.cells.flatMap((cell) => {
      const outcome = unbuiltOutcome(cell);
      return outcome ? [{ kmod: cell.kmod, outcome }] : [];
    }),
  };
}

/** Orders the cells that need a build: wave by wave, each as {@link dispatchOrder} has it. */
export function orderBuilds(cells: readonly PlannedCell[]): readonly PlannedCell[] {
  const builds = dispatchOrder(cells.filter(isBuilt));
  return builds.toSorted((a, b) => a.wave - b.wave);
}

/** Splits ordered cells into their waves; empty waves are left out. */
export function splitWaves<Cell extends OutlinedCell>(
  cells: readonly Cell[],
): readonly (readonly Cell[])[] {
  const waves = new Map<number, Cell[]>();
  for (const cell of cells) {
    const wave = waves.get(cell.wave);
    if (wave) wave.push(cell);
    else waves.set(cell.wave, [cell]);
  }
  return [...waves.values()];
}
