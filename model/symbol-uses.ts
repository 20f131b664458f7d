/** Which functions of one module use the symbols that it imports; a build keeps a list of them as JSON. */
export interface ModuleUses {
  /** The module as the kernel names it, e.g. `jool_common`. */
  readonly module: string;
  /** E.g. `/lib/modules/6.1.0-54-amd64/extra/jool/jool_common.ko`. */
  readonly path: string;
  /** E.g. `[['strlcpy', ['rtrie_print']]]`, sorted by symbol; at most four functions each. */
  readonly uses: readonly SymbolUse[];
}

/** A symbol and functions of the module that use it, sorted. */
export type SymbolUse = readonly [symbol: string, functions: readonly string[]];

/** Module to symbol to functions. */
export type SymbolUses = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
