import type { CellKey } from './cell.ts';
import type { CellState } from './cell-state.ts';
import type { SymbolProblem } from './kabi.ts';

/** Why a cell stands as it does and what is to be done; `rekmod why --json` prints it. Plain JSON. */
export interface Explanation extends CellKey {
  readonly state: CellState;
  /**
   * One sentence that needs no knowledge of kernels: what happens and what the reader has to do, e.g.
   * `jool must be compiled anew for kernel 6.1.0-55-amd64, because 59 of the kernel functions it uses
   * have changed; rekmod does that by itself.`
   */
  readonly headline: string;
  /** Whether the headline asks the reader to do something. */
  readonly needsAction: boolean;
  /** The same in the words of the trade, e.g. `{label: 'verdict', text: 'rebuild: never built before'}`. */
  readonly facts: readonly ExplainedFact[];
  /** The gravest first, at most twelve. */
  readonly symbols: readonly ExplainedSymbol[];
  /** Symbols that are counted and not shown. */
  readonly hiddenSymbolCount: number;
}

/** One sentence of an {@link Explanation}. */
export interface ExplainedFact {
  /** E.g. `verdict`, `outcome`, `log`. */
  readonly label: string;
  readonly text: string;
}

/** One symbol of an {@link Explanation}, with everything that is known of it. */
export interface ExplainedSymbol extends SymbolProblem {
  /** What part of the kernel the provider is, e.g. `network drivers`; absent where that is not known. */
  readonly subsystem?: string;
  /** E.g. `loads again once rebuilt`, ``build is expected to fail: `strlcpy` is gone``. */
  readonly follows: string;
}
