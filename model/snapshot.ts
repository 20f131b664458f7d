import type { BuiltPackage, CellKey } from './cell.ts';

/** A package that a snapshot's metadata lists. */
export interface ListedPackage extends BuiltPackage {
  /** As the metadata names it: below the snapshot, e.g. `Packages/kmod-jool-….rpm`, or a whole URL. */
  readonly location: string;
  /** When it was listed first; ISO 8601 in UTC. */
  readonly listedAt: string;
  /** The cell that it was built for; absent where nobody remembers. */
  readonly cell?: CellKey;
}

/** A package that a rollback took away; it comes back only with another rollback. */
export interface WithheldPackage extends ListedPackage {
  readonly since: string;
  /** Who rolled back, and why. */
  readonly by: string;
  readonly why: string;
}

/** Why a snapshot was written. */
export type SnapshotCause =
  | { readonly kind: 'published' }
  /** Nothing came, but packages of kernels that are gone went. */
  | { readonly kind: 'tidied' }
  | {
      readonly kind: 'rolled-back';
      /** The snapshot whose packages are served again. */
      readonly to: string;
      readonly by: string;
      readonly why: string;
      /** Of the request. */
      readonly id: string;
    }
  /** A view of somebody else's packages: what let it change, in a sentence. */
  | { readonly kind: 'view'; readonly sentence: string };

/** Why a snapshot does not list what the one before it did. */
export type RemovalReason = 'superseded' | 'kernel-gone' | 'rolled-back' | 'not-in-view';

/** What is remembered of a snapshot, in a few lines; lies in it as `.snapshot.json`. */
export interface SnapshotRecord {
  readonly schema: 1;
  /** E.g. `000007`; grows by one with every snapshot that was served. */
  readonly snapshot: string;
  /** ISO 8601 in UTC. */
  readonly writtenAt: string;
  readonly cause: SnapshotCause;
  readonly packageCount: number;
  /** File names, sorted. */
  readonly added: readonly string[];
  readonly removed: readonly { readonly fileName: string; readonly why: RemovalReason }[];
  /** Who read it before it was served; dnf only where it is installed. */
  readonly checkedBy: readonly ('rekmod' | 'dnf')[];
}

/** Everything that the next snapshot is made from; lies in a snapshot as `.packages.json`. */
export interface SnapshotContent {
  readonly packages: readonly ListedPackage[];
  readonly withheld: readonly WithheldPackage[];
  /** Files of earlier snapshots that are still there for clients in mid-download, by path. */
  readonly lingering: Readonly<Record<string, string>>;
}
