import type { BuiltPackage, CellKey, CellOutcome } from './cell.ts';
import type { FailureKind } from './errors.ts';
import type {
  FastLaneOrder,
  Freeze,
  GatedKernel,
  GateOrder,
  GateRules,
  GateView,
  Waiver,
} from './gate.ts';
import type { KernelKey } from './kernel.ts';
import type { OutlinedCell, PlannedCell, RebuildPlan } from './plan.ts';
import type { RebuildStep } from './rebuild-step.ts';
import type { Toolchain } from './toolchain.ts';
import type { Verdict } from './verdict.ts';

/** Who or what started work; stands in lists as a search attribute. */
export type Trigger =
  | 'new-kernel'
  | 'command'
  | 'new-source'
  | 'new-provider'
  | 'thaw'
  /** What failed or was put off has come to its time. */
  | 'retry';

/**
 * Settings that replayed code needs; given as input, never imported, so that a replay does not
 * depend on a file.
 */
export interface WorkflowOptions {
  /** Rebuilds of one kernel that run at once: one more than there are builders. */
  readonly window: number;
  /** So many where builds are so short that most of the time goes by around them; `window` when absent. */
  readonly widestWindow?: number;
  readonly buildTimeoutMs: number;
  readonly prepareTimeoutMs: number;
  /** How long a publisher waits for more packages before it writes a snapshot. */
  readonly publishBatchMs: number;
  /** How often a publisher looks for what need not be kept; never when absent (workflows of earlier versions). */
  readonly tidyMs?: number;
  /** False when the server refused to register them. */
  readonly hasSearchAttributes: boolean;
  /** Builder time of one rollout; any when absent. */
  readonly rolloutBudgetMs?: number;
  /** Streams whose gates are told when something changed; absent in what an earlier version started. */
  readonly gatedStreams?: readonly string[];
}

/** Input of `followStream`. */
export interface FollowInput {
  readonly stream: string;
  /** For people, e.g. `CentOS Stream 9`. */
  readonly title: string;
  readonly options: WorkflowOptions;
  /** Who believes the look that is in quarantine, and why; it is believed, then looked again. */
  readonly accept?: { readonly by: string; readonly why: string };
}

/** Input of `followSources`. */
export interface FollowSourcesInput {
  readonly options: WorkflowOptions;
}

/** Input of `upkeep`. */
export interface UpkeepInput {
  /** Whose builders are looked at. */
  readonly archs: readonly string[];
  /** Only tells what would be removed. @default {false} */
  readonly isDryRun?: boolean;
}

/** Input of `rolloutKernel`. */
export interface RolloutInput extends KernelKey {
  readonly trigger: Trigger;
  readonly forced: readonly string[];
  readonly options: WorkflowOptions;
  /** A rollout to wait for: what it builds may serve this kernel as well. */
  readonly after?: string;
  /**
   * Only what needs these kmods is looked at, because they were built by themselves; more of them come
   * by the signal `resume`, also to a rollout of all.
   */
  readonly dependantsOf?: readonly string[];
  /** Only these kmods, whose sources are new or whose time has come again, and what needs them is looked at. */
  readonly newSourcesOf?: readonly string[];
  /** The run of `after` that is meant; the one of this moment when absent. */
  readonly afterRun?: string;
  /** Where the run before left off; it waits for nothing any more. */
  readonly progress?: RolloutProgress;
}

/** Those of a kernel's cells that are looked at: what needs these kmods, and those with a new source themselves. */
export interface RolloutPart {
  readonly dependantsOf: readonly string[];
  readonly newSourcesOf: readonly string[];
}

/** How a cell ended, as far as other cells and people must know: all of a large rollout's are kept at once. */
export interface CellEnding {
  readonly kind: CellOutcome['kind'];
  /** Of a failure; cut. */
  readonly reason?: string;
}

/** How far a rollout is whose history became too long, for the run that goes on with it. */
export interface RolloutProgress {
  /** Without its cells. */
  readonly plan: RebuildPlan;
  /** Absent where all cells are gone through. */
  readonly part?: RolloutPart;
  /** What was not begun, in order. */
  readonly left: readonly OutlinedCell[];
  /** Of this pass, and of those before it. */
  readonly ended: readonly (readonly [kmod: string, ending: CellEnding])[];
  readonly all: readonly (readonly [kmod: string, ending: CellEnding])[];
  readonly buildroot: PreparedBuildroot;
  /** Of the last cells; see `chooseWindow()`. */
  readonly paces: readonly Pace[];
}

/** What the backend prepared; see `Buildroot`. */
export interface PreparedBuildroot {
  readonly id: string;
  readonly digest: string;
  readonly isReused: boolean;
  readonly toolchain?: Toolchain;
  readonly image?: { readonly name: string; readonly id: string };
}

/** What a kernel is to be gone through again for (signal `resume`). */
export interface Resumption {
  /** A kmod that was built by itself, for which others may have waited. */
  readonly kmod?: string;
  /** Kmods with a new source: they are looked at themselves, and what needs them. */
  readonly newSourcesOf?: readonly string[];
}

/** Input of `rebuildKmod`. */
export interface RebuildInput extends CellKey {
  readonly trigger: Trigger;
  readonly isForced: boolean;
  readonly options: WorkflowOptions;
  /** Given by a rollout, which has planned and prepared for all its cells at once. */
  readonly prepared?: {
    readonly cell: PlannedCell;
    readonly buildroot: PreparedBuildroot;
  };
}

/** Milliseconds of a rebuild without its waiting for a builder, and of its build alone. */
export type Pace = readonly [wholeMs: number, buildMs: number];

/** Result of `rebuildKmod`. */
export interface RebuildResult extends CellKey {
  readonly verdict: Verdict;
  readonly outcome: CellOutcome;
  /** Absent where nothing was built, and in results of earlier versions. */
  readonly pace?: Pace;
}

/** Result of `rolloutKernel`. */
export interface RolloutResult extends KernelKey {
  readonly builtCount: number;
  readonly keptCount: number;
  readonly failedCount: number;
  readonly cells: readonly { readonly kmod: string; readonly outcome: CellOutcome['kind'] }[];
}

/** Result of `followStream`. */
export interface FollowResult {
  readonly message: string;
  readonly started: readonly string[];
}

/** Answer to the query `progress` of `rebuildKmod`. */
export interface RebuildProgress {
  readonly step: RebuildStep | 'plan' | 'done';
  readonly verdict?: Verdict;
}

/** Input of `publishRepository`. */
export interface PublisherInput {
  readonly repository: string;
  readonly options: Pick<WorkflowOptions, 'publishBatchMs' | 'tidyMs' | 'gatedStreams'>;
  /** Requests that the run before did not get to. */
  readonly pending?: readonly PublicationRequest[];
  /** When the run before would have tidied, in milliseconds since 1970. */
  readonly tidyAtMs?: number;
  /** What the run before said last of what is served. */
  readonly details?: string;
  /** A run with more events than these ends with a tidying; what its history names can go then. @default {100} */
  readonly longHistoryEvents?: number;
}

/** What a rebuild asks of a repository's publisher (signal `publish`). */
export interface PublicationRequest {
  readonly repository: string;
  readonly packages: readonly BuiltPackage[];
  /** What they were built for; absent in requests of earlier versions. */
  readonly cell?: CellKey;
  /** The workflow that is told when they are served. */
  readonly requester: { readonly workflowId: string; readonly runId: string };
}

/** What the publisher tells the requester (signal `published`). */
export type PublicationAnswer =
  | { readonly kind: 'served'; readonly snapshot: string }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      /** What else than the packages is at fault; absent where nothing is. */
      readonly trouble?: Exclude<FailureKind, 'outcome'>;
    };

/** What a person asks of a repository's publisher (update `rollBack`). */
export interface RollbackCommand {
  /** A snapshot that is there, e.g. `000007`; the one before what is served when absent. */
  readonly to?: string;
  /** Both stand in the history and in the snapshot. */
  readonly by: string;
  readonly why: string;
}

/** What the publisher makes of it. */
export interface RollbackRequest extends RollbackCommand {
  readonly repository: string;
  /** The same request twice is one rollback. */
  readonly id: string;
}

/** What is served after a rollback: a new snapshot, with the packages of the earlier one. */
export interface RollbackResult {
  readonly snapshot: string;
  readonly packageCount: number;
  /** Whether it is to be brought to a mirror. */
  readonly hasMirror?: boolean;
}

/** Input of `signMetadata`. */
export interface SignMetadataInput {
  readonly repository: string;
  /** The text of `repomd.xml`. */
  readonly repomd: string;
}

/** Input of `gateStream`. */
export interface GateInput {
  readonly stream: string;
  readonly options: WorkflowOptions;
  /** What people decided, from the run before; read from the data directory when absent. */
  readonly rules?: GateRules;
}

/** What somebody asks of a gate; the moment is the workflow's to say. */
export type GateRequest<Decision extends { readonly at: string }> = Omit<Decision, 'at'>;

/** Arguments of the updates `waive`, `freeze`, `promote`, `recall` and `fastLane`. */
export type WaiveRequest = GateRequest<Waiver>;
export type FreezeRequest = GateRequest<Freeze>;
export type OrderRequest = GateRequest<Omit<GateOrder, 'kind'>>;
export type FastLaneRequest = GateRequest<FastLaneOrder>;
/** Of `unwaive` and `thaw`: what is taken back, by whom and why. */
export type UnwaiveRequest = Omit<WaiveRequest, 'until'>;
export type ThawRequest = Omit<FreezeRequest, 'until'>;

/** What a gate answers to an update, once it is done. */
export interface GateAnswer {
  /** How the kernels stand now that it touched, oldest first. */
  readonly kernels: readonly GatedKernel[];
  readonly view?: GateView;
}
