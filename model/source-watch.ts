import type { CellKey } from './cell.ts';
import type { KernelKey } from './kernel.ts';
import type { Sha256Hex } from './store.ts';

/** A cell that a source is worth another look for, e.g. because the last attempt was of an older one. */
export interface SourceWork extends CellKey {
  readonly inputDigest: Sha256Hex;
}

/** What the work on one kernel is about. */
export interface KernelWork extends KernelKey {
  /** The kmods with a new source, sorted by name. */
  readonly kmods: readonly string[];
}

/** A kmod whose source was not looked at to the end, and why. */
export interface SourceFault {
  readonly kmod: string;
  /** One sentence for people. */
  readonly reason: string;
}

/** What is remembered of one kmod's source. */
export interface WatchedSource {
  /** The moment, ISO 8601 in UTC, when its source was read or known to be unchanged last. */
  readonly lookedAt: string;
  readonly sourceDigest?: Sha256Hex;
  /** Digest of the spec's text alone: tells whether the spec or other files changed. */
  readonly specDigest?: Sha256Hex;
  /** Of a source on this machine: names, sizes and times of its files; the same ones mean the same source. */
  readonly stamp?: Sha256Hex;
  /** The stamp of files that had changed a moment before; the same one twice is a source that is whole. */
  readonly unsettledStamp?: Sha256Hex;
  /** Why it could not be read; absent when it could. */
  readonly reason?: string;
  /** By `<stream>/<kernel release>`: the input digest for which a rollout was started last. */
  readonly handedOn: Readonly<Record<string, Sha256Hex>>;
  /** By the same names: when, ISO 8601 in UTC; absent in records of before it was told. */
  readonly handedOnAt?: Readonly<Record<string, string>>;
}

/** How the last look at all sources went. */
export interface SourcesRecord {
  /** ISO 8601 in UTC. */
  readonly lookedAt: string;
  /** A sentence, e.g. `1 of 3 kmods has a new source`. */
  readonly message: string;
  readonly kmods: Readonly<Record<string, WatchedSource>>;
}
