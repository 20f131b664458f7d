/** Where a kmod's spec and sources are. */
export type KmodSource =
  | { readonly kind: 'spec'; readonly spec: string; readonly sources: string }
  | { readonly kind: 'srpm'; readonly path: string }
  | GitSource
  | RepositorySource
  | DownloadSource
  /** A folder with a `dkms.conf`, or a `.deb`, `.rpm` or tar archive that has one. */
  | { readonly kind: 'dkms'; readonly path: string };

/** Spec and sources, or a DKMS source, in a git repository. */
export interface GitSource {
  readonly kind: 'git';
  /** E.g. `https://git.example.org/jool.git`. */
  readonly url: string;
  readonly ref: GitRef;
  /** Path of the spec in the tree; found when absent. */
  readonly spec?: string;
  /** Name of a source archive that is made of the whole tree, e.g. `jool-4.1.9.tar.gz`. */
  readonly archive?: string;
  /** Folder of this machine with sources that are not in the tree. */
  readonly sources?: string;
  readonly hasSubmodules: boolean;
}

/** What of a git repository is built: a branch or tag by name, one commit, or the default branch. */
export type GitRef =
  | { readonly kind: 'branch' | 'tag'; readonly name: string }
  /** 40 or 64 hexadecimal digits. */
  | { readonly kind: 'commit'; readonly commit: string }
  | { readonly kind: 'head' };

/** The newest source package of a name in an rpm-md repository. */
export interface RepositorySource {
  readonly kind: 'repository';
  /** Base URL of the repository that has the source packages. */
  readonly url: string;
  readonly packageName: string;
  /** Files with the keys that must have signed it; any signature or none will do without. */
  readonly gpgKeys: readonly string[];
}

/** A source package, or an archive with a spec or a `dkms.conf`. */
export interface DownloadSource {
  readonly kind: 'download';
  readonly url: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

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
  /** Names of kmods that must be built before it, where neither spec nor builds show that. */
  readonly needs?: readonly string[];
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
