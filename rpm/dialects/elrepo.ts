import { type Dialect, isOverridable, requireRelease } from './dialect.ts';

/**
 * ELRepo for EL 8 to 10: `%{!?kmod_kernel_version: %define kmod_kernel_version 5.14.0-611.el9}`.
 *
 * The spec itself adds `.%{_arch}`, so the value goes without; a flavour (`+rt`) cannot be said.
 *
 * @see elrepo/packages @0479b660f652, 211 of 212 specs of el8 to el10
 */
export const elrepo: Dialect = {
  name: 'elrepo',
  matches: (specText) => isOverridable(specText, 'kmod_kernel_version'),
  defines(kernel) {
    const release = requireRelease(kernel);
    const suffix = `.${kernel.arch}`;
    const isSuffixed = release.endsWith(suffix);
    return { kmod_kernel_version: isSuffixed ? release.slice(0, -suffix.length) : release };
  },
  bindsToOneKernel: false,
};
