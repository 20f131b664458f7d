import type { Dialect } from './dialects/dialect.ts';
import { elrepo } from './dialects/elrepo.ts';
import { elrepo7 } from './dialects/elrepo7.ts';
import { installedDevel } from './dialects/installed-devel.ts';
import { kmodsSig } from './dialects/kmods-sig.ts';
import { kmodtool } from './dialects/kmodtool.ts';
import { lustre } from './dialects/lustre.ts';
import { nvidiaPrecompiled } from './dialects/nvidia-precompiled.ts';
import { openzfs } from './dialects/openzfs.ts';
import { redhatDup } from './dialects/redhat-dup.ts';
import { rhelKmp } from './dialects/rhel-kmp.ts';
import { suseKmp } from './dialects/suse-kmp.ts';
import type { TargetKernel } from './dialects/target-kernel.ts';

export type { Dialect, ExpectedPackages, Injection } from './dialects/dialect.ts';
export type { TargetKernel } from './dialects/target-kernel.ts';

/** The surest marks first: the first that matches is taken. */
const DIALECTS: readonly Dialect[] = [
  kmodtool,
  nvidiaPrecompiled,
  // Before those whose macros it has too: kversion, kernel_version, %kernel_module_package.
  lustre,
  openzfs,
  elrepo,
  elrepo7,
  suseKmp,
  // Before redhat-dup, whose kmod_kernel_version kmod-kvdo has, and rhel-kmp's %(uname -r).
  installedDevel,
  redhatDup,
  kmodsSig,
  rhelKmp,
];

const SPEC_LENGTH_LIMIT = 4 * 1024 * 1024;

/**
 * Finds the dialect that a spec is written in; undefined if it has the marks of none.
 *
 * @param kernel Decides between Red Hat's and SUSE's macros of one name; without it, the spec's other
 *   marks do.
 */
export function detectDialect(specText: string, kernel?: TargetKernel): Dialect | undefined {
  if (specText.length > SPEC_LENGTH_LIMIT) return undefined;
  return DIALECTS.find((dialect) => dialect.matches(specText, kernel));
}

/** Finds a dialect by name, e.g. `elrepo`; undefined if there is none. */
export function findDialect(name: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.name === name);
}

/** Lists the names that {@link findDialect} knows. */
export function dialectNames(): readonly string[] {
  return DIALECTS.map((dialect) => dialect.name);
}
