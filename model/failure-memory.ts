import type { FailureKind } from './errors.ts';
import type { RebuildStep } from './rebuild-step.ts';
import type { SourceDigests } from './source-digests.ts';

/** What is remembered of the failures of a cell, until it succeeds; without digests where its source could not be read. */
export interface FailureMemory extends Partial<SourceDigests> {
  /** Of the last one. */
  readonly kind: FailureKind;
  readonly step: RebuildStep;
  /** One sentence for people, e.g. the first error line of the log. */
  readonly reason: string;
  /** How often in a row, of the same source and for the like of reasons. */
  readonly count: number;
  /** The first and the last of them, ISO 8601 in UTC. */
  readonly since: string;
  readonly failedAt: string;
  /** What it was built with, e.g. the id of the builder's image; absent where that is not known. */
  readonly toolchain?: string;
}

/** Why a cell that must be built is not built now, though nothing else keeps it from that. */
export type Deferral =
  /** It failed of the same source and toolchain. */
  | (Pick<FailureMemory, 'step' | 'reason' | 'failedAt'> & {
      readonly why: 'failed-before';
      /** When it is forgotten, ISO 8601 in UTC. */
      readonly retryAt: string;
    })
  /** The kmod failed for so many kernels in a row that older kernels wait for the newest one to succeed. */
  | {
      readonly why: 'circuit-open';
      /** ISO 8601 in UTC. */
      readonly since: string;
      readonly failureCount: number;
      /** The kernel that it failed for last, and of what. */
      readonly release: string;
      readonly reason: string;
    }
  /** What comes before it takes all the time that one rollout is given. */
  | { readonly why: 'over-budget'; readonly budgetMs: number };

/** What the configuration says about failures. */
export interface FailureSettings {
  /** How long a failure of the kmod's own is remembered; 0 for not at all. */
  readonly rememberMs: number;
  /** The first pause after passing trouble; it doubles with each further failure. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** Kernels in a row for which a kmod may fail before older ones are not tried any more; 0 for any number. */
  readonly breakAfter: number;
}
