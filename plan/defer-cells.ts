import type { CellRecord } from '../model/cell.ts';
import type { Deferral, FailureSettings } from '../model/failure-memory.ts';
import type { PlannedCell, RebuildPlan } from '../model/plan.ts';
import { isRemembered, memoryOf, whenTriedAgain } from './failure-memory.ts';
import { findOpenBreaker } from './find-open-breaker.ts';
import { isBuilt } from './is-built.ts';

/** What is known of earlier failures when a plan is made. */
export interface DeferFacts {
  /** ISO 8601 in UTC. */
  readonly now: string;
  readonly settings: FailureSettings;
  /** What would be built with; absent where that is not known. */
  readonly toolchain?: string | undefined;
  /** Whether the plan's kernel is the newest of its flavour: that one is always tried. */
  readonly isNewest: boolean;
  /** Kmods that are built whatever happened. */
  readonly forced: readonly string[];
  /** The records of a kmod for all kernels of the plan's stream and flavour, of each cell that must be built. */
  readonly recordsOf: ReadonlyMap<string, readonly CellRecord[]>;
}

/**
 * Puts off the cells of a plan that would only fail again, and blocks those that need such a one.
 */
export function deferCells(plan: RebuildPlan, facts: DeferFacts): RebuildPlan {
  const cells = plan.cells.map((cell) => {
    const deferral = isBuilt(cell) ? findDeferral(cell, facts) : undefined;
    return deferral ? { ...cell, deferral } : cell;
  });
  return { ...plan, cells: blockDependants(cells) };
}

function findDeferral(cell: PlannedCell, facts: DeferFacts): Deferral | undefined {
  if (facts.forced.includes(cell.kmod)) return undefined;
  const { now, settings, toolchain, isNewest } = facts;
  const records = facts.recordsOf.get(cell.kmod) ?? [];
  const { sourceDigest, inputDigest } = cell;
  const present = { now, settings, toolchain, sourceDigest };
  const memory = memoryOf(records.find(({ release }) => release === cell.release));
  const retryAt = memory && whenTriedAgain(memory, settings);
  if (memory && retryAt !== undefined && isRemembered(memory, { ...present, inputDigest })) {
    const { step, reason, failedAt } = memory;
    return { why: 'failed-before', step, reason, failedAt, retryAt };
  }
  return isNewest ? undefined : findOpenBreaker(records, present);
}

/** Whatever must be built and needs a cell that is put off waits for it, until no more does. */
export function blockDependants(cells: readonly PlannedCell[]): readonly PlannedCell[] {
  const blocked = new Map(cells.map((cell) => [cell.kmod, cell]));
  const isHeldUp = (kmod: string): boolean => {
    const cell = blocked.get(kmod);
    return cell !== undefined && (cell.deferral !== undefined || cell.verdict.kind === 'blocked');
  };
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const cell of blocked.values()) {
      const by = isBuilt(cell) ? cell.needs.find(isHeldUp) : undefined;
      if (by === undefined) continue;
      blocked.set(cell.kmod, { ...cell, wave: 0, verdict: { kind: 'blocked', by } });
      isChanged = true;
    }
  }
  return [...blocked.values()];
}
