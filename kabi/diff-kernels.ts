import type { KabiDelta } from '../model/kabi.ts';
import type { KernelExports } from '../model/kabi-check.ts';
import { diffSymvers } from './delta.ts';

/**
 * Compares the exports of two kernels that may be known from metadata alone: then only lost, added and
 * changed symbols can be told, and the other lists are empty.
 */
export function diffKernels(before: KernelExports, after: KernelExports): KabiDelta {
  const delta = diffSymvers(before.symvers, after.symvers);
  if (!before.isFromMetadata && !after.isFromMetadata) return delta;
  return { ...delta, gplTightened: [], namespaceChanged: [], gplRelaxed: [], moved: [] };
}
