import type { StoredFile } from './store.ts';

/** Epoch, version and release of an RPM, e.g. `{epoch: 0, version: '5.14.0', release: '611.el9'}`. */
export interface Evr {
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
}

/** Name, EVR and architecture of an RPM. */
export interface Nevra extends Evr {
  readonly name: string;
  readonly arch: string;
}

/** One package as a stream's primary metadata describes it. */
export interface RepositoryPackage extends Nevra {
  /**
   * Path below the repository's base URL, e.g. `Packages/k/kernel-devel-….rpm`; the whole URL once
   * the base is known, because core and devel may lie in different repositories (BaseOS, AppStream).
   */
  readonly location: string;
  /** Whole URLs of the same file on other mirrors, to be tried in this order. */
  readonly otherLocations?: readonly string[];
  readonly checksum: Checksum;
  readonly sizeBytes: number;
  /** When it was built, in seconds since 1970 (as in the metadata). */
  readonly buildTimeSeconds: number;
}

/** A digest as rpm-md writes it, e.g. `{type: 'sha256', value: '9f86…'}`. */
export interface Checksum {
  readonly type: string;
  readonly value: string;
}

/**
 * A kernel that a stream offers, before anything of it was downloaded: the packages of one family
 * that share EVR, architecture and flavour.
 */
export interface KernelOffer {
  readonly stream: string;
  readonly arch: string;
  /** `default`, or the variant as packages name it: `rt`, `64k`, `debug`, SUSE's `default`, `azure`. */
  readonly flavour: string;
  readonly evr: Evr;
  /** The package that holds the kernel image: `kernel-core`, SUSE's `kernel-default`. */
  readonly core: RepositoryPackage;
  /** Packages of the same EVR that hold more of its modules; absent where all are in the core. */
  readonly modules?: readonly RepositoryPackage[];
  /** The build tree; mirrors bring it later than the core at times, then it is missing. */
  readonly devel?: RepositoryPackage;
}

/**
 * A kernel release that rekmod knows and can build for. Written once to the data directory when its
 * kernel-devel is in the store; mirrors may forget the kernel, rekmod does not.
 */
export interface Kernel {
  readonly stream: string;
  /** `uname -r`, read from the packaged path, e.g. `5.14.0-611.el9.x86_64`, `6.1.0-54-amd64`. */
  readonly release: string;
  readonly arch: string;
  readonly flavour: string;
  readonly evr: Evr;
  /** ISO 8601 in UTC. */
  readonly foundAt: string;
  readonly devel: StoredFile & { readonly nevra: Nevra };
  /** Its `Module.symvers`, about 25,000 lines. */
  readonly symvers: StoredFile & { readonly symbolCount: number };
  /**
   * The flags of its vermagic, from its configuration: `['SMP', 'preempt', 'mod_unload', 'modversions']`.
   * Absent where the build tree has no configuration, and in records that know nothing of it.
   */
  readonly vermagicFlags?: readonly string[];
  /**
   * Where its image and modules are, which only load tests need; the core package first. Absent of kernels that
   * were recorded before rekmod had load tests.
   */
  readonly image?: { readonly packages: readonly RepositoryPackage[] };
}

/** What names a kernel in ids and file names. */
export interface KernelKey {
  readonly stream: string;
  readonly release: string;
}
