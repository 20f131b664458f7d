import type { CellKey, CellOutcome } from './cell.ts';
import type { CellState } from './cell-state.ts';
import type { GatedKernel } from './gate.ts';
import type { Freshness, LookAcceptance, Quarantine } from './stream-watch.ts';
import type { Verdict } from './verdict.ts';

/**
 * Everything that a status page tells, for all streams at one moment. Plain JSON, published as
 * `status.json` beside the page; a change that old readers would misread raises `schema`.
 */
export interface StatusReport {
  readonly schema: 1;
  /** ISO 8601 in UTC; how old the page itself is. */
  readonly generatedAt: string;
  readonly streams: readonly StreamStatus[];
  /** How the sources of kmods are watched; absent in reports of earlier versions. */
  readonly sources?: SourcesStatus;
  /** Sorted by stream, kmod, then as the kernels of the stream; at most one for a key. */
  readonly cells: readonly CellStatus[];
  /** Workflows that do not go on; absent where Temporal was not asked. */
  readonly stuck?: readonly StuckWorkflow[];
  readonly links: StatusLinks;
}

/** A workflow that runs and does not go on. */
export interface StuckWorkflow {
  readonly workflowId: string;
  readonly attempts: number;
  /** `other-version`: its history has other steps than the code of this version takes. */
  readonly why: 'other-version' | 'failing';
  /** As the worker told it. */
  readonly reason: string;
}

/** A stream with its kernels. */
export interface StreamStatus {
  readonly name: string;
  readonly title: string;
  /** Absent when it was never looked at. */
  readonly lastLook?: LookStatus;
  /** How often it should be looked at; a look that is much older is an alarm. */
  readonly pollIntervalMs: number;
  /** How old is what is known of it; absent in reports of earlier versions. */
  readonly freshness?: Freshness;
  /** A look that is not believed; absent while looks are. */
  readonly quarantine?: QuarantineStatus;
  /** The last time that somebody believed a look in quarantine. */
  readonly acceptance?: LookAcceptance;
  /** Oldest first. */
  readonly kernels: readonly KernelStatus[];
  /** The kmods that are built for it, sorted by name. */
  readonly kmods: readonly string[];
  /** Those of them that hold a kernel back. */
  readonly requiredKmods: readonly string[];
  readonly repository: string;
}

/** A look that is not believed, for people. */
export interface QuarantineStatus
  extends Pick<Quarantine, 'kind' | 'sentence' | 'since' | 'evidence'> {
  /** Kernels that it lost, as `version-release`. */
  readonly lost: readonly string[];
}

/** How the sources of kmods are watched. */
export interface SourcesStatus {
  /** Absent when they were never looked at. */
  readonly lastLook?: LookStatus;
  readonly pollIntervalMs: number;
  readonly freshness: Freshness;
  /** Kmods whose source could not be read, and since when it was not. */
  readonly unreadable: readonly {
    readonly kmod: string;
    readonly reason: string;
    /** ISO 8601 in UTC: when it was read or known to be unchanged last. */
    readonly lastGoodAt: string;
  }[];
}

/**
 * That rekmod lives, published as `alive.json` beside the status page and written anew all the time. Who finds it
 * older than it says, or with alarms, knows that somebody must look. Moments are whole seconds, ISO 8601 in UTC.
 */
export interface AliveStamp {
  readonly schema: 1;
  readonly writtenAt: string;
  /** After this without a newer stamp, rekmod does not live any more. */
  readonly nextBy: string;
  /** The last good look at what was not looked at for the longest time; absent when something never was. */
  readonly oldestLookAt?: string;
  /** By name. */
  readonly streams: Readonly<Record<string, SourceAge>>;
  /** Of the watch of the kmods' sources. */
  readonly sources: SourceAge;
  /** What is stale or in quarantine, a sentence each; empty when all is well. */
  readonly alarms: readonly string[];
}

/** When something was looked at last with success, and since when that is too long ago. */
export type SourceAge = Pick<Freshness, 'lastGoodAt' | 'staleSince'>;

/** The last look at a stream's repositories. */
export interface LookStatus {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly ok: boolean;
  /** One sentence, e.g. `unchanged` or `mirror answered 503`. */
  readonly message: string;
  /** From the look to `generatedAt`. */
  readonly ageSeconds: number;
}

/** A kernel of a stream. */
export interface KernelStatus {
  readonly release: string;
  /** ISO 8601 in UTC. */
  readonly foundAt: string;
  /** `waiting-for-devel`: the mirror has the kernel, its kernel-devel not yet. */
  readonly state: 'waiting-for-devel' | 'known';
  /** Why its kernel-devel, which the mirror lists, could not be had. */
  readonly trouble?: string;
  /** Since when upstream does not offer it any more, ISO 8601 in UTC. */
  readonly goneSince?: string;
  /** That upstream took it back: what it offers now is older. */
  readonly isWithdrawn?: true;
  readonly counts: CellCounts;
  /** When its builds are done, by measured ones; absent where nothing is to be built or none was measured. */
  readonly estimate?: ReadyEstimate;
  /** Whether machines see it, and why; absent where the stream has no gate or it has not decided yet. */
  readonly gate?: KernelGate;
}

/** When a kernel's builds are done, if nothing else comes and nothing fails. */
export interface ReadyEstimate {
  readonly remainingMs: number;
  /** How many measured builds it stands on. */
  readonly measuredBuilds: number;
}

/** How a kernel stands at the gate of its stream. */
export type KernelGate = Omit<GatedKernel, 'release'>;

/** How many cells stand how; all kmods of the stream are counted. */
export type CellCounts = Readonly<Record<CellState, number>>;

/** One kmod for one kernel. */
export interface CellStatus extends CellKey {
  readonly state: CellState;
  readonly verdict?: Verdict;
  /** The last end of work; stays while the next attempt runs. */
  readonly outcome?: CellOutcome;
  readonly phase?: 'running' | 'queued';
  readonly withheld?: Withdrawal;
  /** ISO 8601 in UTC. */
  readonly updatedAt?: string;
  /** Why it stands so, for people. */
  readonly sentence: string;
  readonly links: CellLinks;
}

/** Who took away what was published, and why. */
export interface Withdrawal {
  readonly by: string;
  readonly why: string;
  /** ISO 8601 in UTC. */
  readonly since: string;
}

/** Addresses for one cell, absolute or relative to the page. */
export interface CellLinks {
  readonly log?: string;
  readonly temporal?: string;
}

/** Addresses for the whole. */
export interface StatusLinks {
  readonly temporalUi?: string;
  readonly repositories: readonly RepositoryLink[];
}

/** How a machine gets the packages of a repository. */
export interface RepositoryLink {
  readonly name: string;
  readonly baseUrl: string;
  /** Address of the `.repo` file. */
  readonly repoFileUrl: string;
}

/** Every {@link CellState}, in the order in which legends and counts list them. */
export const CELL_STATES = [
  'kept',
  'built',
  'withheld',
  'running',
  'waiting',
  'failed',
  'blocked',
  'excluded',
  'cancelled',
  'unknown',
] as const satisfies readonly CellState[];
