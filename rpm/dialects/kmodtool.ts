import { type Dialect, effectiveLines, requireRelease } from './dialect.ts';

/**
 * Fedora's and RPM Fusion's kmodtool: `%{expand:%(kmodtool --target %{_target_cpu} …)}`.
 *
 * The kernel is part of the package's name (`kmod-<name>-<uname -r>`).
 *
 * @see rpmfusion/kmodtool f25, kmodtool 0.12.1; akmods 0.6.2, akmodsbuild
 */
export const kmodtool: Dialect = {
  name: 'kmodtool',
  matches: (specText) => /kmodtool[ \t]+--target\b/.test(effectiveLines(specText)),
  defines: (kernel) => ({ kernels: requireRelease(kernel) }),
  bindsToOneKernel: true,
};
