import type { ModuleFacts, SymbolProblem } from '../../model/kabi.ts';
import type { Verdict } from '../../model/verdict.ts';
import type { LoaderAnswer } from './loader-answer.ts';
import type { ModuleComplaint } from './survey.ts';
import type { LinkedPart } from './weak-modules.ts';

/** A kmod's build and a kernel, and what everyone says about the two. */
export interface Pair {
  readonly kmod: string;
  /** See `Inventory.variant`. */
  readonly variant: string;
  readonly builtFor: string;
  readonly kernel: string;
  readonly verdict: Verdict;
  /** All of rekmod's problems, against what the kmods that are kept export. */
  readonly problems: readonly SymbolProblem[];
  /** The same against what all kmods export, which is what depmod sees in its first run. */
  readonly linkProblems: readonly SymbolProblem[];
  readonly modules: readonly ModuleFacts[];
  readonly loader: LoaderAnswer;
  readonly depmod: {
    readonly fits: boolean;
    readonly complaints: readonly ModuleComplaint[];
  };
  /** Absent if the modules were built for this very kernel: then there is nothing to link. */
  readonly weak?: {
    readonly modules: LinkedPart;
    readonly modules2: boolean;
    /** Kmods that weak-modules puts into one group with this one and that depmod complains about. */
    readonly misfitsInGroup: readonly string[];
  };
  /** Whether the module was made wrong, see `NEGATIVE_CASES`. */
  readonly isNegative: boolean;
  /** What the loader must say, for a negative case about which all kernels agree. */
  readonly expectedLoader?: 'loads' | 'refuses';
}

/** Names a pair in one line, e.g. `jool built for 6.1.0-54-amd64 on 6.1.0-55-amd64`. */
export function describePair({ kmod, variant, builtFor, kernel }: Pair): string {
  const how = variant === 'as built' ? '' : ` (${variant})`;
  return `${kmod}${how} built for ${builtFor} on ${kernel}`;
}
