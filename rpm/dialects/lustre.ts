import { isOverridable } from '../macro-definitions.ts';
import type { Dialect } from './dialect.ts';
import { findBuildTree, isSuseKernel, requireRelease } from './target-kernel.ts';

/**
 * Lustre: `kver` is the release, `kdir` and `kobjdir` are the build tree. The spec derives
 * `kernel_version` of them for Red Hat's `%kernel_module_package`, and the flavour for SUSE's.
 *
 * The default of `kdir` is `/lib/modules/<kver>/source`, which is part of no kernel-devel.
 *
 * @see lustre/lustre-release lustre.spec.in; rekmod passes `configure_args` on from the inventory
 */
export const lustre: Dialect = {
  name: 'lustre',
  injection: 'define',
  matches: (specText) => ['kver', 'kobjdir'].every((macro) => isOverridable(specText, macro)),
  inject(specText, kernel) {
    const expected = requireRelease(kernel);
    const { sources, objects } = findBuildTree(kernel);
    return {
      specText,
      defines: { kver: expected, kdir: sources, kobjdir: objects },
      checks: [
        { macro: 'kver', expected },
        { macro: 'kobjdir', expected: objects },
        { macro: 'kversion', expected, isDerived: true },
        { macro: 'kernel_version', expected, isDerived: true },
      ],
    };
  },
  expectPackages: (_specText, kernel) => ({
    dialect: 'lustre',
    name: isSuseKernel(kernel) ? `*-kmp-${kernel.flavour}` : '*',
    version: '*',
    directories: ['extra', 'updates'],
    requires: [isSuseKernel(kernel) ? `ksym(${kernel.flavour}:*) = *` : 'kernel(*) = *'],
    // Every KMP provides multiversion(kernel).
    newBuild: isSuseKernel(kernel) ? 'stands-beside' : 'replaces',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'macro', name: '__brp_kmod_sign' },
};
