/** Where a kmod's spec and sources are. */
export type KmodSource =
  | { readonly kind: 'spec'; readonly spec: string; readonly sources: string }
  | { readonly kind: 'srpm'; readonly path: string };

/** One entry of the inventory: a third-party kernel module package. */
export interface Kmod {
  /** E.g. `v4l2loopback`; unique, `[A-Za-z0-9._+-]`, at most 64 characters. */
  readonly name: string;
  readonly source: KmodSource;
  /** A dialect's name, or `auto` to detect it from the spec. */
  readonly dialect: string;
  /** Macros that its builds get besides those of the dialect, e.g. `{driver: '535.1'}`. */
  readonly defines?: Readonly<Record<string, string>>;
  /** Names of the streams it is built for. */
  readonly streams: readonly string[];
  /** The oldest and newest kernel it is built for, compared as rpm versions, e.g. `5.14.0-427`. */
  readonly minKernel?: string;
  readonly maxKernel?: string;
  /** Whether a kernel is held back until this kmod is there. */
  readonly required: boolean;
  /** Whether its builds are tried in the real kernel; absent when they are not. */
  readonly loadTest?: LoadTestSettings;
  /** Packages of it that somebody else built: kernels that they fit need no build. */
  readonly binaries?: ForeignBinaries;
  /** Who answers for it, e.g. `storage team <storage@example.org>`. */
  readonly owner?: string;
}

/** How the modules of a kmod are tried in the real kernel before they are published. */
export interface LoadTestSettings {
  readonly mode: LoadTestMode;
  /** Names of the modules that are tried, dashes as underscores; all of the package when absent. */
  readonly modules?: readonly string[];
  /** By module, as `insmod` takes them, e.g. `{ v4l2loopback: 'devices=2' }`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** In-tree modules that nothing names but that must be there. */
  readonly alsoInsert: readonly string[];
  /** Whether an init that finds no device (`-ENODEV`) counts as loaded. */
  readonly acceptNoDevice: boolean;
  /** Longest time for one step: the boot, an insertion, a removal. */
  readonly timeoutMs: number;
  readonly memoryMiB: number;
}

/** `report`: the result is recorded and shown; `require`: what does not load is not published. */
export type LoadTestMode = 'report' | 'require';

/** Where packages of a kmod are that somebody else built. */
export interface ForeignBinaries {
  /** RPM files, or directories of them. */
  readonly paths: readonly string[];
  /** Shell patterns of package names, e.g. `kmod-jool*`; empty for all kmods that are there. */
  readonly names: readonly string[];
}
