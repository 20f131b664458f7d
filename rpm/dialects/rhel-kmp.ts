import { isOverridable } from '../macro-definitions.ts';
import type { MacroCheck } from '../spec-checks.ts';
import { effectiveLines } from '../spec-lines.ts';
import type { Dialect, Injection } from './dialect.ts';
import { narrowFlavours, usesKernelModulePackage } from './flavours.ts';
import { SUSE_MARK } from './suse-kmp.ts';
import { isSuseKernel, requireRelease, splitVariant, type TargetKernel } from './target-kernel.ts';

/**
 * Red Hat's `%kernel_module_package`, and specs that read the same define: `%{!?kernel_version: …}`.
 *
 * The macro would take the newest kernel-devel that is installed. A variant of the kernel (`…+rt`) is
 * no part of the value but a flavour of the list.
 *
 * @see openela-main/kernel-srpm-macros @12856dee, macros.kmp and kmodtool
 */
export const rhelKmp: Dialect = {
  name: 'rhel-kmp',
  injection: 'define',
  matches(specText, kernel) {
    const lines = effectiveLines(specText);
    if (isOverridable(specText, 'kernel_version')) return true;
    const isSuse = kernel === undefined ? SUSE_MARK.test(lines) : isSuseKernel(kernel);
    return usesKernelModulePackage(lines) && !isSuse;
  },
  inject: injectKernelVersion,
  expectPackages(specText) {
    const usesMacro = usesKernelModulePackage(effectiveLines(specText));
    return {
      dialect: 'rhel-kmp',
      name: usesMacro ? 'kmod-*' : '*',
      version: '*',
      directories: ['extra', 'updates'],
      requires: ['kernel(*) = *'],
      newBuild: 'replaces',
    };
  },
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'macro', name: '__brp_kmod_sign' },
};

/** Makes `%kernel_module_package` take a kernel, and of its flavours only the kernel's own. */
export function injectKernelVersion(specText: string, kernel: TargetKernel): Injection {
  const usesMacro = usesKernelModulePackage(effectiveLines(specText));
  const whole = { base: requireRelease(kernel), variant: '' };
  const { base, variant } = usesMacro ? splitVariant(kernel) : whole;
  const checks: readonly MacroCheck[] = [
    { macro: 'kernel_version', expected: base },
    { macro: 'kverrel', expected: base, isDerived: true },
  ];
  return {
    specText: variant === '' ? specText : narrowFlavours(specText, variant),
    defines: { kernel_version: base },
    checks,
  };
}
