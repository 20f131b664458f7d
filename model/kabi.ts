/** How a symbol is exported, as the fourth column of `Module.symvers` writes it. */
export type ExportType = 'EXPORT_SYMBOL' | 'EXPORT_SYMBOL_GPL';

/** One exported symbol. */
export interface ExportedSymbol {
  readonly symbol: string;
  /** The modversion CRC, an unsigned 32-bit integer; 0 means that the kernel has none for it. */
  readonly crc: number;
  /** The provider: `vmlinux` or a module's path without `.ko`, e.g. `drivers/net/tun`. */
  readonly module: string;
  readonly exportType: ExportType;
  /** `EXPORT_SYMBOL_NS`' namespace, e.g. `DMA_BUF`; empty for none. */
  readonly namespace: string;
}

/** A kernel's exports by symbol name. */
export type Symvers = ReadonlyMap<string, ExportedSymbol>;

/** The difference of two kABIs, each list sorted by symbol name. */
export interface KabiDelta {
  readonly lost: readonly ExportedSymbol[];
  readonly added: readonly ExportedSymbol[];
  readonly crcChanged: readonly ExportChange[];
  /** `EXPORT_SYMBOL` became `EXPORT_SYMBOL_GPL`: a module of another licence is refused. */
  readonly gplTightened: readonly ExportChange[];
  readonly namespaceChanged: readonly ExportChange[];
  /** `EXPORT_SYMBOL_GPL` became `EXPORT_SYMBOL`: breaks nothing. */
  readonly gplRelaxed: readonly ExportChange[];
  /** The same symbol comes from another module: one more module must be loaded. */
  readonly moved: readonly ExportChange[];
}

/** One symbol before and after. */
export interface ExportChange {
  readonly symbol: string;
  readonly before: ExportedSymbol;
  readonly after: ExportedSymbol;
}

/** A symbol that a module imports, with the CRC it was built against. */
export interface ImportedSymbol {
  readonly symbol: string;
  readonly crc: number;
  /** A weak import may be missing; if it is there, its CRC must still be right. */
  readonly isWeak?: true;
}

/** A symbol that a module exports. */
export interface ModuleExport {
  readonly symbol: string;
  readonly crc: number;
  /** For modules of a GPL-compatible licence alone. */
  readonly isGplOnly?: true;
  /** Absent for none. */
  readonly namespace?: string;
}

/** What a built `.ko` says about itself. */
export interface ModuleFacts {
  /** `name=` of `.modinfo`, e.g. `v4l2loopback`. */
  readonly name: string;
  /** E.g. `6.1.0-54-amd64 SMP preempt mod_unload modversions `; empty when missing. */
  readonly vermagic: string;
  readonly license: string;
  /** Modules that must be loaded first, from `depends=`. */
  readonly depends: readonly string[];
  /** `__versions`, sorted by name; includes `module_layout`. */
  readonly imports: readonly ImportedSymbol[];
  /** Undefined symbols of the symbol table that have no entry in `__versions`; weak ones left out. */
  readonly importsWithoutCrc: readonly string[];
  readonly exports: readonly ModuleExport[];
  /** Namespaces from `import_ns=`. */
  readonly importNamespaces: readonly string[];
  /** As rpm names it, from the ELF header, e.g. `x86_64`; absent where it is not known. */
  readonly arch?: string;
  /**
   * Only what an RPM's dependencies tell is known: imports and exports, but neither licence nor
   * namespaces, so that nothing can be said about those.
   */
  readonly isFromMetadata?: true;
}

/** A module file inside a package. */
export interface PackagedModule extends ModuleFacts {
  /** E.g. `/lib/modules/6.1.0-54-amd64/extra/jool/jool.ko`. */
  readonly path: string;
}

/**
 * Why an import (or, for `duplicate`, an export) keeps a module from loading, the gravest first:
 * - `lost`: nobody exports the symbol.
 * - `crc`: its CRC is another: the types behind it changed.
 * - `gpl-only`: it became GPL-only and the module has another licence.
 * - `namespace`: it moved to a namespace that the module does not import.
 * - `duplicate`: the module exports a symbol that the kernel itself has by now.
 */
export type ProblemKind = 'lost' | 'crc' | 'gpl-only' | 'namespace' | 'duplicate';

/** One symbol that keeps a module from loading in a kernel, see {@link ProblemKind}. */
export interface SymbolProblem {
  readonly kind: ProblemKind;
  readonly symbol: string;
  /** The module that imports it (exports it, for `duplicate`). */
  readonly usedBy: string;
  /** The CRC that the module was built against (exports with, for `duplicate`). */
  readonly wantedCrc: number;
  /** The kernel's CRC; absent when the symbol is lost. 0 when the kernel has none: nothing is known. */
  readonly foundCrc?: number;
  /** Who exports it in the kernel, or exported it last, when known. */
  readonly provider?: string;
  /** Further modules of the kmod that use it, at most four; absent if there are none. */
  readonly alsoUsedBy?: readonly string[];
  /** The kmod's own functions that use it, at most three; absent where that is not known. */
  readonly functions?: readonly string[];
  /** Whether it is on the stream's stablelist; absent if the stream has none. */
  readonly isStable?: boolean;
  /** The stream's severities tolerate that it changes. */
  readonly isTolerated?: true;
}
