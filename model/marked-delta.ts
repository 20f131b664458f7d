import type { ExportChange, ExportedSymbol, KabiDelta } from './kabi.ts';

/** What is known about a symbol beyond its change. */
export interface SymbolMarks {
  /** What part of the kernel it belongs to, e.g. `network drivers`; absent where that is not known. */
  readonly subsystem?: string;
  /** Whether it is on the stream's stablelist; absent without such a list. */
  readonly isStable?: boolean;
  /** The stream's severities tolerate its change. */
  readonly isTolerated?: true;
  /** Modules of the kmod that is asked about, and functions of them, that use it. */
  readonly usedBy?: readonly string[];
  readonly functions?: readonly string[];
}

/** A kABI delta whose symbols are marked; `rekmod kabi diff --json` prints it. */
export type MarkedDelta = {
  readonly [Kind in keyof KabiDelta]: readonly (KabiDelta[Kind][number] & SymbolMarks)[];
};

/** One symbol of a {@link MarkedDelta}. */
export type MarkedChange = (ExportedSymbol | ExportChange) & SymbolMarks;
