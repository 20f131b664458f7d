import { type Dialect, effectiveLines, isOverridable, requireRelease } from './dialect.ts';

const MACRO = /%\{?\??kernel_module_package\b/;
/** SUSE's macro of the same name takes the kernel from the build root and no define. */
const SUSE_MARK = /^BuildRequires:.*\bkernel-syms\b|%\{?\??suse_kernel_module_package\b/im;

/**
 * Red Hat's `%kernel_module_package`, and specs that read the same define: `%{!?kernel_version: …}`.
 *
 * @see openela-main/kernel-srpm-macros @12856dee, macros.kmp and kmodtool
 */
export const rhelKmp: Dialect = {
  name: 'rhel-kmp',
  matches(specText) {
    const lines = effectiveLines(specText);
    const hasMacro = MACRO.test(lines) || isOverridable(specText, 'kernel_version');
    return hasMacro && !SUSE_MARK.test(lines);
  },
  defines: (kernel) => ({ kernel_version: requireRelease(kernel) }),
  bindsToOneKernel: false,
};
