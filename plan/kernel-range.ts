import type { Evr } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import type { Verdict } from '../model/verdict.ts';
import { compareVersions } from '../rpm/evr.ts';

/**
 * Tells whether a kernel is outside of the range that a kmod is made for.
 *
 * A limit `5.14.0` speaks of the kernel's version, `5.14.0-427` of version and release; the upper
 * limit includes everything that begins with it, so `maxKernel: '6.1'` admits `6.1.0-54`.
 *
 * @returns The verdict, or undefined when the kernel is in range.
 */
export function judgeRange(
  kmod: Kmod,
  evr: Evr,
): Extract<Verdict, { kind: 'excluded' }> | undefined {
  const kernel = `${evr.version}-${evr.release}`;
  if (kmod.minKernel !== undefined && compareVersions(kernel, kmod.minKernel) < 0) {
    return { kind: 'excluded', why: 'kernel-too-old', limit: kmod.minKernel };
  }
  if (kmod.maxKernel !== undefined && isBeyond(kernel, kmod.maxKernel)) {
    return { kind: 'excluded', why: 'kernel-too-new', limit: kmod.maxKernel };
  }
  return undefined;
}

function isBeyond(kernel: string, limit: string): boolean {
  const rest = kernel.slice(limit.length);
  const isWithinLimit = kernel.startsWith(limit) && (rest === '' || /^[^A-Za-z0-9]/.test(rest));
  return !isWithinLimit && compareVersions(kernel, limit) > 0;
}
