import type { Kernel } from '../model/kernel.ts';

/**
 * Takes the newest kernels of every flavour: a stream that has `default` and `rt` keeps as many of
 * each, because a machine runs one of them and goes back to its own.
 *
 * @param kernels Kernels or offers of one stream, oldest first.
 * @param count How many of a flavour, at least 1.
 * @returns Those of them, in their order.
 */
export function newestKernels<T extends Pick<Kernel, 'flavour'>>(
  kernels: readonly T[],
  count: number,
): readonly T[] {
  const counts = new Map<string, number>();
  const isNewest = ({ flavour }: T): boolean => {
    const number = (counts.get(flavour) ?? 0) + 1;
    counts.set(flavour, number);
    return number <= count;
  };
  return kernels.toReversed().filter(isNewest).reverse();
}
