import type { KmodBuild } from './builds.ts';
import type { TruthKernel } from './kernels.ts';

/** Builds of kmods that are put to one kernel together, as the kmods of one machine are. */
export interface Inventory {
  /**
   * What is special about the modules: `as built`; `same layout` (module_layout has the kernel's CRC, so
   * that the loader looks at the other symbols); or the name of a negative case.
   */
  readonly variant: string;
  /** The kernel that they were built for. */
  readonly builtFor: string;
  readonly kernel: TruthKernel;
  readonly builds: readonly KmodBuild[];
  /** The kmods that answers are wanted for; the others are only what these may need. */
  readonly subjects: readonly string[];
}

/** The variant whose modules are what the compiler made. */
export const AS_BUILT = 'as built';
/** See {@link Inventory.variant}. */
export const SAME_LAYOUT = 'same layout';

/** Whether the modules were built for another kernel than they are put to: weak-modules' case. */
export function isForeign({ builtFor, kernel }: Inventory): boolean {
  return builtFor !== kernel.release;
}
