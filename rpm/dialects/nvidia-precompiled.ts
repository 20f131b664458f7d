import { effectiveLines } from '../spec-lines.ts';
import type { Dialect } from './dialect.ts';
import { type TargetKernel, toVersionRelease } from './target-kernel.ts';

/** Where the distribution's part of a release begins: `.el9_2` of `284.40.1.el9_2`. */
const DIST = /\.(?:el|fc|amzn|oe|ocs|an|uek)[0-9A-Za-z_].*$/;

/**
 * NVIDIA's precompiled drivers: kernel version, release and distribution come apart.
 *
 * The package's name holds driver and kernel. It ships the modules unlinked and links them when it
 * is installed; what it lists below `/lib/modules` are ghosts. Its other macros (`driver`,
 * `driver_branch`) come from the inventory's `defines`.
 *
 * @see NVIDIA/yum-packaging-precompiled-kmod @e06bce0e, dnf-kmod-nvidia.spec
 */
export const nvidiaPrecompiled: Dialect = {
  name: 'nvidia-precompiled',
  injection: 'define',
  matches(specText) {
    const lines = effectiveLines(specText);
    return /%\{\?kernel_release[:}]/.test(lines) && /%\{\?kernel_dist[:}]/.test(lines);
  },
  inject(specText, kernel) {
    const { version, release, dist } = split(kernel);
    return {
      specText,
      defines: {
        kernel: version,
        kernel_release: release,
        kernel_dist: dist === '' ? '%{nil}' : dist,
      },
      checks: [
        { macro: 'kernel', expected: version },
        { macro: 'kernel_release', expected: release },
        {
          macro: 'kmod_kernel_version',
          expected: `${version}-${release}${dist}`,
          isDerived: true,
        },
      ],
    };
  },
  expectPackages(_specText, kernel) {
    const { version, release } = split(kernel);
    return {
      dialect: 'nvidia-precompiled',
      name: `kmod-*-${version}-${release}`,
      version: '*',
      directories: ['extra'],
      requires: [`(kernel = ${toVersionRelease(kernel)} if kernel)`],
      newBuild: 'stands-beside',
      linksAtInstall: true,
    };
  },
  bindsToOneKernel: true,
  usesWeakModules: false,
  signing: { by: 'files', name: 'private_key.priv' },
};

function split(kernel: TargetKernel): Record<'version' | 'release' | 'dist', string> {
  const whole = toVersionRelease(kernel);
  const dash = whole.indexOf('-');
  const version = dash === -1 ? whole : whole.slice(0, dash);
  const rest = dash === -1 ? '' : whole.slice(dash + 1);
  const [dist = ''] = DIST.exec(rest) ?? [];
  return { version, release: rest.slice(0, rest.length - dist.length), dist };
}
