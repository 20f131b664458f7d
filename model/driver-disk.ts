import type { Sha256Hex } from './store.ts';

/** Whose installer a driver disk is for: anaconda's (RHEL, Fedora and their kin) or SUSE's. */
export type DiskFormat = 'rhel' | 'suse';

/** What holds the files: a file system of its own, or the archive that SUSE's installers fetch. */
export type DiskContainer = 'iso' | 'cpio.gz';

/** One file of a driver disk, or a link. */
export interface DiskFile {
  /** Without a leading slash, e.g. `rpms/x86_64/kmod-jool-4.1.9-1.x86_64.rpm`. */
  readonly path: string;
  readonly content:
    | { readonly kind: 'text'; readonly text: string }
    /** A file of this machine. */
    | { readonly kind: 'copy'; readonly from: string }
    | { readonly kind: 'link'; readonly target: string };
}

/** A kmod on a driver disk. */
export interface DiskKmod {
  readonly kmod: string;
  /** `uname -r` of the kernel that its packages were built for. */
  readonly builtFor: string;
  /** File names. */
  readonly packages: readonly string[];
}

/** A driver disk that was written. Plain JSON. */
export interface DriverDisk {
  /** Where it is. */
  readonly path: string;
  readonly format: DiskFormat;
  readonly container: DiskContainer;
  /** `uname -r` of the installer's kernel. */
  readonly kernel: string;
  readonly stream: string;
  /** Of SUSE's: the products that it is for, as their installers name them, e.g. `leap15.6`. */
  readonly products?: readonly string[];
  /** Providers first, the one that was asked for last. */
  readonly kmods: readonly DiskKmod[];
  /** Paths on the disk, sorted. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
  readonly sha256: Sha256Hex;
  /** Sentences on what the installer will not do with it. */
  readonly remarks: readonly string[];
}
