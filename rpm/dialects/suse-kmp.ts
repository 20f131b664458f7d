import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { narrowFlavours, usesKernelModulePackage } from './flavours.ts';
import { isSuseKernel, requireRelease, toKmpVersion } from './target-kernel.ts';

/** What only SUSE has, for when the kernel is not known. */
export const SUSE_MARK =
  /^BuildRequires:.*\bkernel-syms\b|%\{?\??suse_kernel_module_package(?=[\s}]|$)/im;

/**
 * SUSE's Kernel Module Packages: `%kernel_module_package` and, with its list the other way round,
 * `%suse_kernel_module_package`.
 *
 * There is no define: the macro builds for every kernel below `/usr/src/linux-obj/<cpu>`, so the
 * build root decides, and the list of flavours is narrowed to the kernel's. The kernel is part of the
 * package's version; two builds for one kernel differ by the Release that the macro takes over.
 *
 * @see openSUSE/kernel-source rpm/macros.kernel-source, rpm/kernel-module-subpackage @08449c10
 */
export const suseKmp: Dialect = {
  name: 'suse-kmp',
  injection: 'buildroot',
  matches(specText, kernel) {
    const lines = effectiveLines(specText);
    const isSuse = kernel === undefined ? SUSE_MARK.test(lines) : isSuseKernel(kernel);
    return usesKernelModulePackage(lines) && isSuse;
  },
  inject(specText, kernel) {
    requireRelease(kernel);
    const { flavour } = kernel;
    return {
      specText: narrowFlavours(specText, flavour),
      defines: {},
      checks: [
        {
          macro: 'flavors_to_build',
          expected: flavour,
          expression: '%(echo %{?flavors_to_build})',
          isDerived: true,
        },
      ],
    };
  },
  expectPackages: (_specText, kernel) => ({
    dialect: 'suse-kmp',
    name: `*-kmp-${kernel.flavour}`,
    version: `*_k${toKmpVersion(kernel)}`,
    directories: ['updates', 'extra'],
    requires: [`ksym(${kernel.flavour}:*) = *`, 'suse-kernel-rpm-scriptlets'],
    newBuild: 'stands-beside',
  }),
  bindsToOneKernel: false,
  usesWeakModules: true,
  signing: { by: 'service', name: 'pesign-obs-integration' },
};
