import { compareVersions } from './evr.ts';
import type { RpmDependency } from './header.ts';
import type { RpmFile } from './header-files.ts';

/** What anaconda looks for in the provides of packages on a driver disk. */
export const INSTALLER_PROVIDE = 'kernel-modules';

/** What kmodtool writes instead, which anaconda does not know. */
const KMODTOOL_PROVIDE = 'kernel-modules-for-kernel';
const MODULE = /\.ko(?:\.(?:gz|xz|bz2|zst))?$/;
const FIRMWARE = /^\/(?:usr\/)?lib\/firmware\//;

/** What anaconda makes of a package on a driver disk. */
export interface InstallerView {
  /** What it provides as {@link INSTALLER_PROVIDE}, e.g. `kernel-modules >= 5.14.0-611.el9.x86_64`. */
  readonly offered: readonly string[];
  /** Whether one of these is for the installer's kernel; else the package does not exist for it. */
  readonly isListed: boolean;
  /** kmodtool wrote the package's provides, so that no line of the spec can add to them. */
  readonly isFromKmodtool: boolean;
  /** Modules that it unpacks but never loads, because they are not below `/lib/modules`. */
  readonly unloaded: readonly string[];
  /** Firmware that the installer does not get: it takes that of `/lib/firmware` alone. */
  readonly unseenFirmware: readonly string[];
}

/**
 * Tells what anaconda's programs make of a package: `dd_list` lists it only if it provides
 * `kernel-modules` in a version that fits the running kernel, all of it compared as one version;
 * `dd_extract` unpacks modules and firmware, and `driver-updates` loads those below `/lib/modules`.
 *
 * @param release `uname -r` of the installer's kernel.
 * @see anaconda dracut/dd/dd_list.c, dlabelProvides(); rpmutils.c, matchVersions(); driver_updates.py
 */
export function viewAsInstaller(
  {
    provides,
    files,
  }: { readonly provides: readonly RpmDependency[]; readonly files: readonly RpmFile[] },
  release: string,
): InstallerView {
  const offered = provides.filter(({ name }) => name === INSTALLER_PROVIDE);
  const paths = files.map(({ path }) => path);
  return {
    offered: offered.map(({ name, op, version }) => `${name} ${op} ${version}`.trim()),
    isListed: offered.some((provide) => matches(provide, release)),
    isFromKmodtool: provides.some(({ name }) => name === KMODTOOL_PROVIDE),
    unloaded: paths.filter((path) => MODULE.test(path) && !path.startsWith('/lib/modules/')),
    unseenFirmware: paths.filter(
      (path) => FIRMWARE.test(path) && !path.startsWith('/lib/firmware/'),
    ),
  };
}

/** A provide without a version is for no kernel. */
function matches({ op, version }: RpmDependency, release: string): boolean {
  const order = compareVersions(release, version);
  if (order === 0) return op.includes('=');
  return op.startsWith(order < 0 ? '<' : '>');
}
