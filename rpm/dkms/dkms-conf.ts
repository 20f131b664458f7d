import type { ConfRemark } from './read-variables.ts';
import type { ShellValue } from './shell-value.ts';

/** A module that a DKMS source builds. */
export interface DkmsModule {
  /** Path of the built file in the tree without `.ko`, e.g. `src/mod/common/jool_common`. */
  readonly built: ShellValue;
  /** Its name as installed, e.g. `jool_common`. */
  readonly name: ShellValue;
  readonly isStripped: boolean;
}

/** A command or patch that may be for some kernels only. */
export interface Matched<T> {
  readonly value: T;
  /** A POSIX extended regular expression for `uname -r`; absent if it is for all. */
  readonly match?: string;
}

/** For which kernels a DKMS source is built at all. */
export interface DkmsConditions {
  /** A POSIX extended regular expression for `uname -r`. */
  readonly kernel?: string;
  /** Likewise for the architecture. */
  readonly arch?: string;
  readonly minKernel?: string;
  readonly maxKernel?: string;
  /** Options of the kernel that must be on, e.g. `CONFIG_PCI`, or must not: `!CONFIG_PREEMPT_RT`. */
  readonly config: readonly string[];
  /** The kernel that has the module itself, e.g. `5.6` or `4.18.0-305`. */
  readonly obsoleteBy?: string;
}

/** What a `dkms.conf` says, in DKMS' own words. */
export interface DkmsConf {
  /** E.g. `v4l2loopback`. */
  readonly packageName: string;
  /** As it stands there, e.g. `0.3.0-1`. */
  readonly packageVersion: string;
  /** The first is the one for kernels that no other is for, unless it has a match itself. */
  readonly make: readonly Matched<ShellValue>[];
  readonly clean?: ShellValue;
  /** Empty if only the build can tell. */
  readonly modules: readonly DkmsModule[];
  /** File names below `patches/`. */
  readonly patches: readonly Matched<ShellValue>[];
  /** Scripts with their arguments. */
  readonly preBuild?: ShellValue;
  readonly postBuild?: ShellValue;
  readonly conditions: DkmsConditions;
  readonly isWeakModulesWanted: boolean;
  readonly isInitrdRemade: boolean;
  /** What only a shell can evaluate; if there is any, the build reads the file itself. */
  readonly logic: readonly ConfRemark[];
  /** What is left out, for the user to know. */
  readonly remarks: readonly ConfRemark[];
}
