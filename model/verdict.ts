import type { SymbolProblem } from './kabi.ts';

/** The problems that a verdict shows: all are counted, the first are named; a symbol counts once. */
export interface ProblemList {
  readonly lostCount: number;
  /** GPL-only, in a namespace that the module does not import, or exported twice. */
  readonly refusedCount: number;
  readonly crcCount: number;
  /** At most {@link SHOWN_PROBLEM_LIMIT}; the gravest first. */
  readonly shown: readonly SymbolProblem[];
}

/** How many problems travel with a verdict; payloads in a workflow's history stay small. */
export const SHOWN_PROBLEM_LIMIT = 12;

/** What must happen to a cell, always with its reason. */
export type Verdict =
  | { readonly kind: 'keep'; readonly why: 'built-for-this-kernel' }
  /** The modules built for the `donor` kernel load here as they are (weak-updates). */
  | {
      readonly kind: 'keep';
      readonly why: 'compatible';
      readonly donor: string;
      readonly importCount: number;
      /** In-tree modules that it needs here and did not need before; absent if there are none. */
      readonly newDependencies?: readonly string[];
    }
  | { readonly kind: 'rebuild'; readonly why: 'never-built' | 'forced' }
  | {
      readonly kind: 'rebuild';
      readonly why: 'source-changed' | 'builder-changed';
      readonly donor: string;
    }
  | {
      readonly kind: 'rebuild';
      readonly why: 'crc-changed' | 'no-modversions';
      readonly donor: string;
      readonly problems: ProblemList;
    }
  /** The kernel is configured otherwise (SMP, preemption, …): the loader refuses the modules as they are. */
  | {
      readonly kind: 'rebuild';
      readonly why: 'vermagic-changed';
      readonly donor: string;
      /** The vermagic of a module, e.g. `6.1.0-54-amd64 SMP mod_unload modversions `. */
      readonly found: string;
      /** The flags of the kernel's, e.g. `SMP preempt mod_unload modversions`. */
      readonly expected: string;
    }
  /** A provider among the kmods is rebuilt, so its dependants are. */
  | {
      readonly kind: 'rebuild';
      readonly why: 'provider-rebuilt';
      readonly provider: string;
      readonly donor: string;
    }
  | {
      readonly kind: 'broken';
      readonly why: 'symbols-lost' | 'symbols-refused';
      readonly donor: string;
      readonly problems: ProblemList;
    }
  | {
      readonly kind: 'excluded';
      readonly why: 'kernel-too-old' | 'kernel-too-new' | 'source-excludes' | 'frozen';
      /**
       * The kernel of the limit; of `source-excludes` the condition as the source has it; of `frozen` by whom
       * and why, e.g. `by ada: its new version loses data`.
       */
      readonly limit: string;
    }
  | Blocked;

/** A kmod that it needs has no build for this kernel. */
export interface Blocked {
  readonly kind: 'blocked';
  readonly by: string;
  /** The way by which it needs itself, so that no order of builds is possible: `['a', 'b', 'a']`. */
  readonly cycle?: readonly string[];
}

/** The words for a verdict; see {@link Verdict}. */
export type VerdictKind = Verdict['kind'];

/** Whether a cell of this verdict is built. */
export function needsBuild(verdict: Verdict): boolean {
  return verdict.kind === 'rebuild' || verdict.kind === 'broken';
}
