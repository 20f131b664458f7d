/**
 * What rekmod needs of a container engine: Docker, Podman, or a fake in tests. Nothing of the
 * engine's own API shows here.
 *
 * @throws {EngineUnavailableError} By every method, if the engine does not answer.
 * @throws {EngineRefusedError} By every method, if the engine answers no.
 */
export interface ContainerEngine {
  readonly info: EngineInfo;
  /** Finds an image by name (`rekmod/buildroot:0123…`) or by id. */
  findImage(reference: string): Promise<EngineImage | undefined>;
  /**
   * Pulls an image from the registry that its name tells; rekmod hands over no login.
   *
   * @throws {RegistryUnreachableError} If the registry cannot be asked now.
   * @throws {unknown} `control.signal.reason` if that signal ended the pull.
   */
  pull(reference: string, control: { readonly signal: AbortSignal }): Promise<ImagePull>;
  /**
   * Runs a container from its creation to its removal.
   *
   * The output is attached before the start, so nothing is lost, and the engine stores none of it.
   * The container is removed in every case, also when this rejects.
   *
   * @throws {InputUnreadableError} If the source of a mount is not there.
   * @throws {unknown} `control.signal.reason` if that signal ended the run, or whatever `onStdout`
   *   or `onStderr` threw: both stop the container first.
   */
  run(request: ContainerRequest, control: ContainerControl): Promise<ContainerExit>;
  /** Lists containers, running or not, that carry all these labels. */
  list(labels: EngineLabels): Promise<readonly ListedContainer[]>;
  /** Gives an image one more name, which keeps it there. */
  tag(imageId: string, name: ImageName): Promise<void>;
  /**
   * Takes a name from an image; with its last name the image goes.
   *
   * @returns `false` when there is none of this name, or a container is made of it.
   */
  removeImage(reference: string): Promise<boolean>;
  /** Kills and removes a container; `false` when there is none of this id any more. */
  remove(containerId: string): Promise<boolean>;
}

export type EngineKind = 'docker' | 'podman';

/** Label names with their prefix, e.g. `{'io.rekmod.home': '/var/lib/rekmod'}`. */
export type EngineLabels = Readonly<Record<string, string>>;

/** What an engine says about itself, for `doctor`. */
export interface EngineInfo {
  readonly kind: EngineKind;
  /** E.g. `unix:///var/run/docker.sock`. */
  readonly address: string;
  readonly version: string;
  readonly apiVersion: string;
  /** `uname -m` of the engine's machine, e.g. `x86_64`. */
  readonly arch: string;
  readonly cpuCount: number;
  readonly memoryBytes: number;
  /** `1` or `2`; a build's limits hold with both. */
  readonly cgroupVersion: string;
  readonly hasMemoryLimit: boolean;
  readonly hasPidsLimit: boolean;
  readonly isRootless: boolean;
  /** Where it keeps images, e.g. `/var/lib/docker`; on its machine. */
  readonly rootDirectory?: string;
  /** Bind mounts need the container to be without an SELinux label of its own. */
  readonly isSelinux: boolean;
}

/** E.g. `{repository: 'rekmod/buildroot', tag: '0123456789abcdef'}`. */
export interface ImageName {
  readonly repository: string;
  readonly tag: string;
}

export interface EngineImage {
  readonly id: string;
  /** Every name with its tag, e.g. `rekmod/buildroot:0123456789abcdef`; Podman puts `localhost/` before them. */
  readonly names: readonly string[];
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly createdAtMs: number;
  readonly labels: EngineLabels;
}

/** How a pull ended; `reason` is the registry's sentence, e.g. `manifest unknown`. */
export type ImagePull =
  | { readonly kind: 'pulled' }
  | { readonly kind: 'refused'; readonly reason: string };

export interface ListedContainer {
  readonly id: string;
  readonly labels: EngineLabels;
}

/** A container to run once. */
export interface ContainerRequest {
  /** Name or id. */
  readonly image: string;
  /** Program and arguments; the image's own entry point is not used. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** `uid:gid`, e.g. `1000:1000`. */
  readonly user: string;
  readonly network: 'bridge' | 'host' | 'none';
  /** Capabilities without `CAP_`, e.g. `CHOWN`; all others are dropped. */
  readonly capabilities: readonly string[];
  readonly isRootReadOnly: boolean;
  /** Read-only bind mounts; there are no writable ones. */
  readonly mounts: readonly ReadOnlyMount[];
  /** Directories in memory, writable for everyone in the container, programs may run there. */
  readonly scratch: readonly ScratchDirectory[];
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly pids: number;
  readonly labels: EngineLabels;
  /** Beyond these the output is counted and dropped. */
  readonly stdoutLimitBytes: number;
  readonly stderrLimitBytes: number;
  /** Counted from the start of the container. */
  readonly timeoutMs: number;
}

export interface ReadOnlyMount {
  /** Absolute path on the engine's machine, a file or a directory. */
  readonly source: string;
  readonly target: string;
}

export interface ScratchDirectory {
  /** Best a path that the image has not: else runc gives it that directory's mode. */
  readonly target: string;
  readonly sizeBytes: number;
}

/** How a caller follows and ends a run. */
export interface ContainerControl {
  /** Pieces in order; the next one waits for the promise. */
  readonly onStdout: (chunk: Uint8Array) => Promise<void> | void;
  readonly onStderr: (chunk: Uint8Array) => Promise<void> | void;
  readonly signal: AbortSignal;
  /**
   * Asked when the container ended by itself: what image to make of its file system, if any.
   * Bind mounts and scratch directories are no part of it.
   */
  readonly commitTo?: (exit: ContainerExit) => ImageCommit | undefined;
}

/** An image to make of a container. */
export interface ImageCommit extends ImageName {
  /** Values of `[A-Za-z0-9._+:@/-]` only. */
  readonly labels: EngineLabels;
}

/** How a container ended. */
export interface ContainerExit {
  /** 128 + signal when a signal ended it. */
  readonly exitCode: number;
  /**
   * The kernel killed a process of the container for want of memory; not always the first process.
   * Docker says so reliably; Podman 4.3 with cgroup v1 only when it was the first, if at all.
   */
  readonly isOutOfMemory: boolean;
  /** It was stopped because its time was over. */
  readonly isTimedOut: boolean;
  /** Everything that was written, also what was dropped. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  /** Of the image that `commitTo` asked for. */
  readonly imageId?: string;
}
