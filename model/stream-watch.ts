import type { Kernel } from './kernel.ts';
import type { Sha256Hex } from './store.ts';

/** What a server said of a file at the last look; sent back so that it may answer "unchanged". */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** What is remembered of one repository, so that the next look at it is one conditional request. */
export interface SeenRepository extends Validators {
  /** Of `repomd.xml`: the same one means the same content, whoever serves it. */
  readonly digest?: Sha256Hex;
  /** The mirror that gave it, which the validators are for; the stream's URL when absent. */
  readonly baseUrl?: string;
  /** What the list of mirrors was, where there is one, and when it was read. */
  readonly list?: Validators & { readonly readAt: string };
}

/** A kernel as a look names it. */
export type LookedKernel = Pick<Kernel, 'flavour' | 'evr'>;

/** Whether a look is believed. */
export type LookJudgement =
  | { readonly kind: 'accepted'; readonly lost: readonly LookedKernel[] }
  | {
      /** `quarantined`: it lost too much; `stale`: the metadata went back in time. */
      readonly kind: 'quarantined' | 'stale';
      readonly lost: readonly LookedKernel[];
      /** What is wrong with it, for people. */
      readonly sentence: string;
    };

/** The last look that was believed: what the next one is judged by. */
export interface AcceptedLook {
  /** What the stream's configuration was then; another one is not compared with it. */
  readonly settingsDigest: Sha256Hex;
  readonly offered: readonly LookedKernel[];
  /** Of each repository's `repomd.xml`, by URL as configured. */
  readonly revisions: Readonly<Record<string, string>>;
}

/** A look that is not believed. What was known before it stands; nothing is retired, nothing started. */
export interface Quarantine {
  readonly kind: 'quarantined' | 'stale';
  readonly sentence: string;
  /** The first look of this kind, ISO 8601 in UTC. */
  readonly since: string;
  readonly lost: readonly LookedKernel[];
  /** Folder with what was seen, relative to the data directory. */
  readonly evidence: string;
  /** Of the repositories as they are now: nothing is read again while they stay so. */
  readonly seen: Readonly<Record<string, SeenRepository>>;
  readonly settingsDigest: Sha256Hex;
}

/** That somebody believed a look that was in quarantine. */
export interface LookAcceptance {
  readonly by: string;
  readonly why: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** What was wrong with it. */
  readonly sentence: string;
}

/** How fresh is what is known of a source. Moments are ISO 8601 in UTC. */
export interface Freshness {
  /** The last look that succeeded; absent before the first. */
  readonly lastGoodAt?: string;
  /** After this without a good look it is stale. */
  readonly staleAfterMs: number;
  /** Since when it is; absent while it is fresh. */
  readonly staleSince?: string;
}
