import type { CellState } from './cell-state.ts';

/**
 * Whether machines get to see a kernel.
 *
 * - `held`: not yet; the gated repository does not list it.
 * - `released`: it is listed, and everything that it needs with it.
 * - `waived`: it is listed, though something required is missing, because somebody said so.
 * - `recalled`: it was listed, and somebody hid it again.
 */
export type GateState = 'held' | 'released' | 'waived' | 'recalled';

/** Every {@link GateState}, in the order in which lists count them. */
export const GATE_STATES = [
  'held',
  'released',
  'waived',
  'recalled',
] as const satisfies readonly GateState[];

/** Whether the gated repository lists a kernel of this state. */
export function isOpen(state: GateState): boolean {
  return state === 'released' || state === 'waived';
}

/** A person who decided something, and why; both stand in the workflow's history. */
export interface Signed {
  readonly why: string;
  readonly by: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
}

/**
 * That a kernel may do without a required kmod. It covers the named kernel and all newer ones of the
 * stream that are decided before it ends; what was let through by then stays.
 */
export interface Waiver extends Signed {
  readonly release: string;
  readonly kmod: string;
  /** ISO 8601 in UTC. */
  readonly until: string;
}

/** What is frozen: of a kmod nothing is built, of a kernel or stream nothing is released. */
export type FreezeSubject =
  | { readonly kind: 'stream' }
  | { readonly kind: 'kernel'; readonly release: string }
  | { readonly kind: 'kmod'; readonly kmod: string };

/** That something stays as it is. */
export interface Freeze extends Signed {
  readonly subject: FreezeSubject;
  /** ISO 8601 in UTC; until it is thawed when absent. */
  readonly until?: string;
}

/** That a kernel is in the fast lane because somebody says so. */
export interface FastLaneOrder extends Signed {
  readonly release: string;
}

/** That somebody let a kernel through, or hid one that was; the last one for a kernel counts. */
export interface GateOrder extends Signed {
  readonly kind: 'promote' | 'recall';
  readonly release: string;
}

/** What people decided about a stream's gate. */
export interface GateRules {
  readonly waivers: readonly Waiver[];
  readonly freezes: readonly Freeze[];
  readonly fastLane: readonly FastLaneOrder[];
  readonly orders: readonly GateOrder[];
}

/** A gate about which nobody decided anything. */
export const NO_RULES: GateRules = { waivers: [], freezes: [], fastLane: [], orders: [] };

/** How grave a security advisory is, in the words of RHEL's and SUSE's updateinfo. */
export const SEVERITIES = ['critical', 'important', 'moderate', 'low'] as const;

/** See {@link SEVERITIES}. */
export type Severity = (typeof SEVERITIES)[number];

/** What a security kernel need not wait for. */
export interface FastLaneSettings {
  /** Kernels that an advisory of one of these severities brings are in the fast lane by themselves. */
  readonly severities: readonly Severity[];
  /**
   * `optional`: it does not wait for optional kmods. `failed`: a required kmod that failed does not hold it
   * either; those that are still worked on do.
   */
  readonly skip: 'optional' | 'failed';
}

/** The gate of one stream, as configured. */
export interface GateSettings {
  /** How long after it was found a kernel waits for optional kmods that are worked on. */
  readonly graceMs: number;
  /** `upstream`: the gated repository names upstream's packages where they lie; `mirror`: it has them. */
  readonly packages: 'upstream' | 'mirror';
  /** The repository that lists what was released. */
  readonly repository: string;
  readonly fastLane: FastLaneSettings;
}

/** A kmod that a kernel waits for. */
export interface GateWait {
  readonly kmod: string;
  readonly isRequired: boolean;
  readonly cell: CellState;
  /** What is known of the cell in short, e.g. `build failed`. */
  readonly why: string;
}

/** How a kernel stands at the gate. */
export interface GatedKernel {
  readonly release: string;
  readonly state: GateState;
  /** One sentence without a period, e.g. `waits for wireguard (build failed)`. */
  readonly reason: string;
  /** When it came into this state, ISO 8601 in UTC. */
  readonly since: string;
  /** Empty for what waits for no kmod. */
  readonly waitsFor: readonly GateWait[];
  /** The advisory that put it into the fast lane, or `by hand`; absent if it is not in it. */
  readonly fastLane?: Severity | 'by hand';
  /**
   * Since when upstream does not offer it any more, though nothing newer came; ISO 8601 in UTC. Whatever its state,
   * the gated repository does not list it then.
   */
  readonly withdrawnSince?: string;
}

/** How far the gated repository is. */
export type GateView =
  | {
      readonly kind: 'served';
      /** E.g. `000007`. */
      readonly snapshot: string;
      /** Kernels that it lists, oldest first. */
      readonly releases: readonly string[];
      readonly packageCount: number;
      /** ISO 8601 in UTC. */
      readonly at: string;
    }
  /** It could not be written; what was served before is served still. */
  | { readonly kind: 'failed'; readonly reason: string; readonly at: string };

/**
 * What is remembered of a stream's gate, in `gates/<stream>.json`, so that it can be read while Temporal is
 * down and survives it. Its only writer is the workflow `gate/<stream>` by its activities.
 */
export interface GateRecord {
  readonly schema: 1;
  readonly stream: string;
  /** ISO 8601 in UTC; when the gate was decided last. */
  readonly decidedAt: string;
  /** Oldest first. */
  readonly kernels: readonly GatedKernel[];
  readonly rules: GateRules;
  /** Absent before the first attempt. */
  readonly view?: GateView;
}

/** A gate as `rekmod gate --json` prints it. */
export interface GateListing extends GateRecord {
  /** Kernels that nothing can be decided about, because the mirror does not have their kernel-devel yet. */
  readonly waitingForDevel: readonly string[];
}
