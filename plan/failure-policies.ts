import type { FailureClass, FailureKind } from '../model/errors.ts';

/** What is done about failures of one kind. */
export interface FailurePolicy {
  /** Whether the same call is made again; absent where that would give the same answer. */
  readonly retry?: {
    /** After the first failure; doubles with each further one. */
    readonly firstPauseMs: number;
    readonly longestPauseMs: number;
  };
  /**
   * What becomes of a cell that ended so.
   *
   * - `remembered`: it is not built again until its source, toolchain or kernel is another one, or the memory expires.
   * - `tried-again`: the watch has it built again, after pauses that grow.
   */
  readonly after: 'remembered' | 'tried-again';
  /** What people are told, for the manual: one sentence. */
  readonly told: string;
}

const MINUTE_MS = 60_000;

/** The one place that says what is done about a failure; everything that retries or remembers asks it. */
export const FAILURE_POLICIES: Readonly<Record<FailureKind, FailurePolicy>> = {
  outcome: {
    after: 'remembered',
    told: 'the step, the first error and what the kernel changed; until when it is remembered',
  },
  configuration: {
    after: 'tried-again',
    told: 'which setting, file or image a person must see to; the others go on',
  },
  bug: {
    after: 'tried-again',
    told: 'the broken invariant; nothing is published',
  },
  // Another address of the mirror, the end of its sync, or a server that is back after an overload.
  mirror: {
    retry: { firstPauseMs: 2000, longestPauseMs: MINUTE_MS },
    after: 'tried-again',
    told: 'the address and what it answered; the attempt and when the next one is',
  },
  // A restart takes seconds.
  engine: {
    retry: { firstPauseMs: 2000, longestPauseMs: MINUTE_MS },
    after: 'tried-again',
    told: 'the engine and what it answered; the attempt and when the next one is',
  },
  // Room comes back when other builds end or a person makes some, not within seconds.
  disk: {
    retry: { firstPauseMs: 15_000, longestPauseMs: 5 * MINUTE_MS },
    after: 'tried-again',
    told: 'the file for which there was no room; the attempt and when the next one is',
  },
  temporal: {
    retry: { firstPauseMs: 2000, longestPauseMs: MINUTE_MS },
    after: 'tried-again',
    told: 'what Temporal answered; the attempt and when the next one is',
  },
  machine: {
    retry: { firstPauseMs: 2000, longestPauseMs: MINUTE_MS },
    after: 'tried-again',
    told: 'the program and what it said; the attempt and when the next one is',
  },
};

/** How often a station makes a call that fails for passing trouble. */
export const ATTEMPT_COUNTS = {
  /** Trouble of the machine passes within minutes, or the next look at the stream tries again. */
  patient: 8,
  /** The next look, at most a poll away, makes the same call. */
  brief: 3,
  /** A copy elsewhere; the next snapshot brings it all the same. */
  copy: 4,
} as const;

/** The kind of an error of rekmod's own. */
export function kindOfError(error: {
  readonly failureClass: FailureClass;
  readonly trouble: FailureKind;
}): FailureKind {
  return error.failureClass === 'transient' ? error.trouble : error.failureClass;
}

/**
 * How long to wait before a call is made again.
 *
 * @param attempt The one that failed, from 1.
 * @returns Milliseconds; undefined where it is not made again.
 */
export function pauseAfter(kind: FailureKind, attempt: number): number | undefined {
  const { retry } = FAILURE_POLICIES[kind];
  if (!retry) return undefined;
  return grow(retry.firstPauseMs, retry.longestPauseMs, attempt);
}

/** A pause that doubles with each failure, up to a limit. */
export function grow(firstMs: number, longestMs: number, failureCount: number): number {
  // Beyond this even a millisecond has reached every limit, and 2 ** 1024 is no number.
  const doublings = Math.min(Math.max(failureCount, 1) - 1, 50);
  return Math.min(longestMs, firstMs * 2 ** doublings);
}
