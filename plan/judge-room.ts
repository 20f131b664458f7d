import { formatBytes } from './format-bytes.ts';

/** What a file system has left for who is not root. */
export interface FreeRoom {
  readonly bytes: number;
  /** Files that can still be made; absent of file systems that do not count them, such as Btrfs. */
  readonly inodes?: number;
}

/**
 * Tells what of the wanted room is missing, if anything.
 *
 * @returns E.g. `expected 1.0 GiB free, found 12.0 MiB`.
 */
export function findMissingRoom(found: FreeRoom, wanted: Required<FreeRoom>): string | undefined {
  if (found.bytes < wanted.bytes) {
    return `expected ${formatBytes(wanted.bytes)} free, found ${formatBytes(found.bytes)}`;
  }
  if (found.inodes !== undefined && found.inodes < wanted.inodes) {
    return `expected ${wanted.inodes} inodes free, found ${found.inodes}`;
  }
  return undefined;
}
