import { isOverridable } from '../macro-definitions.ts';
import type { Dialect } from './dialect.ts';
import { toVersionRelease } from './target-kernel.ts';

/**
 * ELRepo for EL 8 to 10: `%{!?kmod_kernel_version: %define kmod_kernel_version 5.14.0-611.el9}`.
 *
 * The spec itself adds `.%{_arch}`, so the value goes without; a variant (`+rt`) cannot be said.
 *
 * @see elrepo/packages @0479b660f652, 211 of 212 specs of el8 to el10
 */
export const elrepo: Dialect = {
  name: 'elrepo',
  injection: 'define',
  matches: (specText) => isOverridable(specText, 'kmod_kernel_version'),
  inject(specText, kernel) {
    const expected = toVersionRelease(kernel);
    return {
      specText,
      defines: { kmod_kernel_version: expected },
      checks: [{ macro: 'kmod_kernel_version', expected }],
    };
  },
  expectPackages: (_specText, kernel) => ({
    dialect: 'elrepo',
    name: 'kmod-*',
    version: '*',
    directories: ['extra'],
    requires: [`kernel >= ${toVersionRelease(kernel)}`, 'kernel(*) = *'],
    newBuild: 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'condition', name: 'modsign' },
};
