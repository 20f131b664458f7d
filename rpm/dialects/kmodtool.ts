import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { requireRelease } from './target-kernel.ts';

/** `%{expand:%(kmodtool --target …)}`, or one of the package's own: `bash %{SOURCE10} --target …`. */
const TARGET = /--target[ \t]+%\{?\??_target_cpu/;
/** The same with continued lines. */
const SPREAD_CALL = /\bkmodtool[ \t]+--target\b/;

/**
 * Fedora's and RPM Fusion's kmodtool, and OpenZFS' generic spec.
 *
 * `kernels` is a list of whole releases, of which rekmod gives one. The kernel is part of the
 * package's name, so that packages for all kernels are installed beside each other, and nothing but
 * this package's own kernel can use it.
 *
 * @see rpmfusion/kmodtool f25, kmodtool 0.12.1; akmods 0.6.2, akmodsbuild
 */
export const kmodtool: Dialect = {
  name: 'kmodtool',
  injection: 'define',
  matches(specText) {
    const lines = effectiveLines(specText);
    return SPREAD_CALL.test(lines) || lines.split('\n').some(isCall);
  },
  inject(specText, kernel) {
    const release = requireRelease(kernel);
    return {
      specText,
      defines: { kernels: release },
      checks: [
        { macro: 'kernels', expected: release },
        // Words of the form `<release>___<build tree>`.
        {
          macro: 'kernel_versions',
          expected: release,
          expression: "%(echo %{?kernel_versions} | sed 's/___[^ ]*//g')",
          isDerived: true,
        },
      ],
    };
  },
  expectPackages: (_specText, kernel) => ({
    dialect: 'kmodtool',
    name: `kmod-*-${requireRelease(kernel)}`,
    version: '*',
    directories: ['extra'],
    requires: [`kernel-uname-r = ${kernel.release}`],
    newBuild: 'stands-beside',
  }),
  bindsToOneKernel: true,
  usesWeakModules: false,
  signing: { by: 'files', name: '/etc/pki/akmods/private/private_key.priv' },
};

function isCall(line: string): boolean {
  return line.includes('%(') && line.includes('--kmodname') && TARGET.test(line);
}
