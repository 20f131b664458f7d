import type { CellKey } from '../model/cell.ts';
import type { ReadyEstimate } from '../model/status.ts';

/** A cell as an estimate needs it. */
export interface EstimatedCell extends CellKey {
  /** `todo`: to be built, or being built; how far it is, nobody knows. */
  readonly state: 'todo' | 'other';
  /** How long its last build took; absent where none was measured. */
  readonly durationMs?: number;
}

/**
 * Estimates when all cells of a kernel are done: builds of newer kernels come first, and a build takes as long as the
 * median of those that were measured of its kmod, else of all kmods.
 *
 * @param releases Of one stream, oldest first.
 * @param parallelBuilds Builds at once.
 * @returns By release; only kernels with something to do, and nothing where no build was ever measured.
 */
export function estimateReady(
  cells: readonly EstimatedCell[],
  releases: readonly string[],
  parallelBuilds: number,
): ReadonlyMap<string, ReadyEstimate> {
  const measured = collectDurations(cells);
  const all = [...measured.values()].flat();
  const estimates = new Map<string, ReadyEstimate>();
  if (all.length === 0) return estimates;
  const ahead: number[] = [];
  for (const release of releases.toReversed()) {
    const todo = cells.filter((cell) => cell.release === release && cell.state === 'todo');
    ahead.push(...todo.map(({ kmod }) => medianOf(measured.get(kmod) ?? all)));
    if (todo.length === 0) continue;
    const sumMs = ahead.reduce((sum, durationMs) => sum + durationMs, 0);
    const remainingMs = Math.round(Math.max(sumMs / parallelBuilds, ...ahead));
    estimates.set(release, { remainingMs, measuredBuilds: all.length });
  }
  return estimates;
}

function collectDurations(cells: readonly EstimatedCell[]): ReadonlyMap<string, number[]> {
  const measured = new Map<string, number[]>();
  for (const { kmod, durationMs } of cells) {
    if (durationMs === undefined) continue;
    const own = measured.get(kmod);
    if (own) own.push(durationMs);
    else measured.set(kmod, [durationMs]);
  }
  return measured;
}

/** The upper one of two in the middle: a late kernel annoys more than an early one. */
function medianOf(durationsMs: readonly number[]): number {
  return durationsMs.toSorted((a, b) => a - b)[Math.floor(durationsMs.length / 2)] ?? 0;
}
