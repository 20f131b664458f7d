import type { FailureKind } from './errors.ts';
import type { FailureCause } from './failure-cause.ts';
import type { Deferral, FailureMemory } from './failure-memory.ts';
import type { PackagedModule } from './kabi.ts';
import type { KernelKey, Nevra } from './kernel.ts';
import type { LoadTestReport } from './load-test.ts';
import type { ProvenanceFiles } from './provenance.ts';
import type { RebuildStep } from './rebuild-step.ts';
import type { SourceDigests } from './source-digests.ts';
import type { Sha256Hex, StoredFile } from './store.ts';
import type { Blocked, Verdict } from './verdict.ts';

/** What names a cell: one kmod for one kernel of one stream. */
export interface CellKey extends KernelKey {
  readonly kmod: string;
}

/** A package that a build made, as published (signed). */
export interface BuiltPackage extends StoredFile {
  readonly fileName: string;
  readonly nevra: Nevra;
  /** Absent of packages that were built before rekmod wrote statements. */
  readonly provenance?: ProvenanceFiles;
}

/** How a build failed. `exit`: its own exit code says so; the others are limits that it hit. */
export type BuildFailure =
  | 'exit'
  | 'timeout'
  | 'out-of-memory'
  | 'scratch-full'
  /** A signal ended it that rekmod did not send, each time that it was tried. */
  | 'interrupted'
  | 'log-too-large'
  | 'output-too-large'
  | 'bad-output';

/** The expected end of the work on a cell. */
export type CellOutcome =
  | {
      readonly kind: 'published';
      readonly packages: readonly BuiltPackage[];
      readonly repository: string;
      /** The snapshot that holds them first, e.g. `000007`. */
      readonly snapshot: string;
      readonly build: BuildFacts;
      /** The build gave what was published already, so that was left as it is. */
      readonly isUnchanged?: true;
    }
  /** No build was needed: the verdict says why. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'excluded' }
  | Blocked
  | {
      readonly kind: 'failed';
      readonly step: RebuildStep;
      /** One sentence for people, e.g. the first error line of the log. */
      readonly reason: string;
      /** Only where the build itself failed. */
      readonly why?: BuildFailure;
      /** What the kernel changed that its errors name; absent where nothing fits. */
      readonly cause?: FailureCause;
      readonly exitCode?: number;
      /** Of the step `load`: what the real kernel said. */
      readonly loadTest?: LoadTestReport;
      readonly attemptLog?: string;
      readonly durationMs: number;
      /** What else than the kmod itself is at fault; absent where nothing is. */
      readonly trouble?: Exclude<FailureKind, 'outcome'>;
    }
  /** It must be built, and is not built now. */
  | { readonly kind: 'deferred'; readonly deferral: Deferral }
  | { readonly kind: 'cancelled' };

/** What is remembered of a successful build. */
export interface BuildFacts {
  readonly inputDigest: Sha256Hex;
  /** Digest of spec and sources alone. */
  readonly sourceDigest: Sha256Hex;
  /** Grows with every published build of the cell; part of the RPM's Release. */
  readonly buildNumber: number;
  readonly durationMs: number;
  /** JSON of {@link PackagedModule}[] in the store: what the modules import and export. */
  readonly modules: StoredFile & { readonly moduleCount: number };
  /** JSON of `ModuleUses[]` in the store; builds of earlier versions have none. */
  readonly uses?: StoredFile;
  /** The attempt's log, relative to the data directory. */
  readonly attemptLog: string;
  /**
   * The kmods whose exports or packages the build was given, with the input digests of the builds that
   * served; absent if there were none.
   */
  readonly given?: Readonly<Record<string, Sha256Hex>>;
  /** What the real kernel said to the modules; absent when it was not asked. */
  readonly loadTest?: LoadTestReport;
}

/** What the data directory says about a cell; one file a cell, written by the cell's workflow only. */
export interface CellRecord extends CellKey {
  readonly arch: string;
  readonly verdict: Verdict;
  readonly outcome: CellOutcome;
  /** The last published build; stays when a later attempt fails. */
  readonly lastBuild?: Extract<CellOutcome, { kind: 'published' }>;
  /** What the outcome is one of, also of a failure; absent where the source could not be read. */
  readonly planned?: SourceDigests;
  /** What is remembered of failures since the cell succeeded last; absent when there was none. */
  readonly failure?: FailureMemory;
  /** ISO 8601 in UTC. */
  readonly updatedAt: string;
  /** The Temporal workflow and run that wrote this. */
  readonly workflowId: string;
  readonly runId: string;
}

/** A build of a kmod for some kernel, with what its modules import: what verdicts are made from. */
export interface DonorBuild {
  readonly release: string;
  readonly sourceDigest: Sha256Hex;
  readonly inputDigest: Sha256Hex;
  readonly buildNumber: number;
  readonly durationMs: number;
  readonly modules: readonly PackagedModule[];
  /** Which functions of them use what they import. */
  readonly uses?: StoredFile;
  /** See {@link BuildFacts.given}. */
  readonly given?: Readonly<Record<string, Sha256Hex>>;
  /** Somebody else built it: of what source, and how long it took, is not known. */
  readonly isForeign?: true;
}
