/**
 * What a kernel changed about a symbol so that a source no longer compiles:
 * - `lost`: it is exported no longer.
 * - `crc`: it takes or gives other types.
 * - `gpl-only`, `namespace`: it is refused to this module.
 * - `added`: the kernel has it by now, and the source brings its own.
 */
export type CauseKind = 'lost' | 'crc' | 'gpl-only' | 'namespace' | 'added';

/** What the first errors of a failed build have to do with what changed between two kernels. */
export interface FailureCause {
  /** The kernel of the newest other build, or else the newest older kernel, e.g. `6.1.0-54-amd64`. */
  readonly before: string;
  /** The kernel that the build was for, e.g. `6.12.117+deb12-amd64`. */
  readonly after: string;
  /** In the log's order, one for a symbol, at least one and at most three. */
  readonly errors: readonly ExplainedError[];
}

/** One error line of a build log, and the symbol that explains it. */
export interface ExplainedError {
  /** E.g. `x.c:42:9: error: implicit declaration of function ‘strlcpy’`; at most 300 characters. */
  readonly line: string;
  readonly kind: CauseKind;
  readonly symbol: string;
  /** Who exports it, or exported it last, e.g. `vmlinux`. */
  readonly provider: string;
  /** What part of the kernel that is, e.g. `the kernel's core`. */
  readonly subsystem?: string;
  /** Whether the verdict said before the build that this would happen. */
  readonly isForetold: boolean;
}
