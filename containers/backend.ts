import type { BuildFailure } from '../model/cell.ts';
import type { Nevra } from '../model/kernel.ts';
import type { Limits, Target } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { Toolchain } from '../model/toolchain.ts';
import type { BuildrootUse } from './buildroot-uses.ts';

/**
 * What a builder must do, whether it is a container engine or mock: prepare a buildroot once per
 * (target, kernel), then build in it as often as asked, without network.
 */
export interface BuildBackend {
  /** Directories where its buildroots take room, as the engine names them; they may not be on this machine. */
  readonly places?: readonly string[];
  /**
   * Makes the buildroot, or finds the one that the same request made before.
   *
   * @throws {ImageMissingError} If the target's image is not there and cannot be had.
   * @throws {PrepareFailedError} If dnf could not install what is asked for.
   * @throws {MockUnusableError} If mock does not work on this machine.
   */
  prepare(request: PrepareRequest, run: RunControl): Promise<Buildroot>;
  /**
   * Builds one spec. A build that fails is a value; only trouble with the backend itself throws.
   *
   * @throws {EngineUnavailableError} If the engine went away.
   * @throws {MockTroubleError} If mock or its machine failed, not the build.
   */
  build(request: BuildRequest, run: RunControl): Promise<BuildResult>;
  /**
   * Says what a target builds with at this moment, e.g. the id of its image; undefined where that cannot be told.
   * Changes when somebody pulls another image of the same name.
   */
  findToolchain?(target: Target): Promise<string | undefined>;
  /** Ends and removes whatever runs under these labels; returns how many there were. */
  removeLeftovers(labels: Labels): Promise<number>;
  /** What runs for a data directory, or ran and was not removed, and for whom. */
  listRuns(home: string): Promise<readonly ListedRun[]>;
  /** Ends and removes one; `false` when there is none of this id any more. */
  removeRun(id: string): Promise<boolean>;
  /** The buildroots that this data directory uses. */
  listBuildroots(): Promise<readonly BuildrootUse[]>;
  /**
   * Gives up the use of a buildroot, and removes it where nobody else on the machine uses it.
   *
   * @returns What the disk gets back; undefined if it is used just now, and stays.
   */
  removeBuildroot(
    use: BuildrootUse,
    home: string,
  ): Promise<{ readonly freedBytes?: number } | undefined>;
}

/** Something that a backend started. */
export interface ListedRun {
  readonly id: string;
  /** The caller's, without a prefix. */
  readonly labels: Labels;
}

/** Marks of ownership on everything that a backend starts, e.g. `{home: '…', cell: '…'}`. */
export type Labels = Readonly<Record<string, string>>;

/** How a caller follows and ends a run. */
export interface RunControl {
  /** Called with every piece of log as it comes; not aligned to lines. */
  readonly onLog: (chunk: Uint8Array) => void;
  /** Ends the run: what was started is stopped and removed before the call rejects. */
  readonly signal: AbortSignal;
}

/** The one kernel that a buildroot holds. */
export interface BuildrootKernel {
  /** `uname -r`. */
  readonly release: string;
  /** Path of the verified kernel-devel RPM on this machine. */
  readonly develRpm: string;
  readonly develSha256: Sha256Hex;
  /** Of that RPM. */
  readonly develNevra: Nevra;
}

export interface PrepareRequest {
  readonly target: Target;
  readonly kernel: BuildrootKernel;
  /**
   * Specs whose `BuildRequires` the buildroot must satisfy. One that cannot be satisfied is reported
   * by its own build and holds up no other. mock does nothing about them here: it installs them for
   * each build.
   */
  readonly specs: readonly BuildInput[];
  readonly limits: Limits;
  readonly labels: Labels;
}

/** A spec with its sources and the macros that it is built with. */
export interface BuildInput {
  /** A directory that holds the spec and its sources; read only. */
  readonly directory: string;
  /** Name of the spec in that directory. */
  readonly spec: string;
  /** Passed as `--define '<name> <value>'`. */
  readonly defines: Readonly<Record<string, string>>;
}

/** A prepared buildroot. */
export interface Buildroot {
  /** What the backend needs to find it again, e.g. an image id, `mock:<digest>`; valid on this machine. */
  readonly id: string;
  /** Digest of everything that went in: image, kernel, packages. */
  readonly digest: Sha256Hex;
  readonly isReused: boolean;
  /** Absent when it is not known. */
  readonly toolchain?: Toolchain;
  /** The image that it was made from, by its name in the configuration and its id; absent of mock's. */
  readonly image?: { readonly name: string; readonly id: string };
}

export interface BuildRequest extends BuildInput {
  readonly buildroot: Buildroot;
  /** What its `BuildRequires` name of packages that rekmod builds itself; absent where they name none. */
  readonly staging?: Staging;
  /** An empty directory of the caller's that receives the RPMs. */
  readonly outputDirectory: string;
  readonly limits: Limits;
  readonly labels: Labels;
}

/** A repository of verified packages of this very kernel, from which a build gets what it requires. */
export interface Staging {
  /** Packages with their rpm-md metadata beside them; read only. */
  readonly directory: string;
  /** Of the packages. */
  readonly digest: Sha256Hex;
  /** `uname -r` of the buildroot's kernel. */
  readonly release: string;
}

/** How a build ended. */
export type BuildResult =
  | { readonly kind: 'succeeded'; readonly files: readonly BuiltFile[] }
  | { readonly kind: 'failed'; readonly why: BuildFailure; readonly exitCode?: number };

export interface BuiltFile {
  /** A plain file name, e.g. `kmod-v4l2loopback-0.12.7-1.x86_64.rpm`. */
  readonly name: string;
  readonly sizeBytes: number;
}
