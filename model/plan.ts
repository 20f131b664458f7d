import type { CellKey, CellOutcome } from './cell.ts';
import type { Deferral } from './failure-memory.ts';
import type { KernelKey } from './kernel.ts';
import type { LoadTestMode } from './kmod.ts';
import type { Sha256Hex } from './store.ts';
import type { Verdict } from './verdict.ts';

/** That a kmod needs another one to be there first, and from where that is known. */
export interface KmodNeed {
  /** The one that is needed. */
  readonly kmod: string;
  /**
   * - `inventory`: `needs` of its entry says so.
   * - `build-requires`, `requires`: its spec names a package of the other one.
   * - `symbols`: modules of its newest build import what those of the other one export.
   */
  readonly from: 'inventory' | 'build-requires' | 'requires' | 'symbols';
  /** The requirement, or one of the symbols, e.g. `kmod-dahdi-devel`; absent of `inventory`. */
  readonly what?: string;
}

/** One cell of a plan. */
export interface PlannedCell extends CellKey {
  readonly arch: string;
  readonly verdict: Verdict;
  /** Cells of wave 0 need no other kmod; wave n needs providers of wave n-1. Kept cells have 0. */
  readonly wave: number;
  /** Kmods that must be there first, sorted. */
  readonly needs: readonly string[];
  /** Why each of them is needed; absent if none is, and in plans of before it was told. */
  readonly needReasons?: readonly KmodNeed[];
  /** Kmods that need this one, sorted; absent if none does. */
  readonly neededBy?: readonly string[];
  readonly required: boolean;
  readonly sourceDigest: Sha256Hex;
  /** Everything that could make the result another one: source, kernel, builder, dialect. */
  readonly inputDigest: Sha256Hex;
  /** The number that the next build of the cell gets. */
  readonly buildNumber: number;
  /** Whether what is built is tried in the real kernel; absent when it is not. */
  readonly loadTest?: LoadTestMode;
  /** Why it is not built now though its verdict asks for it; absent when it is. */
  readonly deferral?: Deferral;
  /** From the last builds of the kmod; absent when it was never built. */
  readonly expectedSeconds?: number;
}

/**
 * What is to be done about one kernel. `rekmod plan` prints the very object that `rolloutKernel`
 * executes. Plain JSON.
 */
export interface RebuildPlan extends KernelKey {
  readonly arch: string;
  readonly target: string;
  readonly repository: string;
  /** Sorted by wave, then by name. */
  readonly cells: readonly PlannedCell[];
}

/** What a rollout must know of a cell before it is its turn. */
export type OutlinedCell = Pick<PlannedCell, 'kmod' | 'wave' | 'needs'>;

/** Stands for the cells of a plan that is too large to travel; the plan itself is among the records. */
export interface PlanOutline {
  /** What needs a build, in the order of the builds. */
  readonly toBuild: readonly OutlinedCell[];
  readonly unbuilt: readonly EndedCell[];
}

/** Some of a plan's cells and how they ended. */
export interface EndedCell {
  readonly kmod: string;
  readonly outcome: CellOutcome;
}
