import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StateDamagedError } from '../../model/activity-errors.ts';
import { isMissing } from '../atomic-file.ts';
import { listNames } from '../list-names.ts';

/** A repository on disk: numbered snapshots that never change, and a link to the served one. */
export interface SnapshotPlace {
  /** E.g. `kmods`; its client file is `rekmod-kmods.repo`. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** Holds `snapshots/<number>/`, `current` and, while one is written, `drafts/`. */
  readonly directory: string;
  /** Where clients find the repository, without a final slash. */
  readonly baseUrl: string;
  /** Files with public keys of others who signed packages that it lists. */
  readonly vendorKeys?: readonly string[];
  /** It lists packages of others whose signatures nobody checks; clients cannot either. */
  readonly hasUnsigned?: boolean;
}

/** Snapshots are numbered with so many digits, so that their names sort. */
const DIGITS = 6;
const NUMBER = /^[0-9]{6,15}$/;

/** Path of a snapshot. */
export function pathOfSnapshot(directory: string, snapshot: string): string {
  return join(directory, 'snapshots', snapshot);
}

/** Path of what is not, or no longer, a snapshot; nobody reads there, and every run empties it. */
export function pathOfDrafts(directory: string): string {
  return join(directory, 'drafts');
}

/** The name of a snapshot, e.g. `000007` of 7. */
export function nameSnapshot(number: number): string {
  return `${number}`.padStart(DIGITS, '0');
}

/** The served snapshot, e.g. `000007`; undefined before the first. */
export async function readCurrentSnapshot(directory: string): Promise<string | undefined> {
  try {
    return (await readlink(join(directory, 'current'))).replace(/^snapshots\//, '');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The snapshots that are there, served or not, oldest first. */
export async function listSnapshots(directory: string): Promise<readonly string[]> {
  const names = await listNames(join(directory, 'snapshots'));
  return names.filter((name) => NUMBER.test(name)).toSorted((a, b) => Number(a) - Number(b));
}

/**
 * The number after that of the served snapshot.
 *
 * @throws {StateDamagedError} If nothing is served although snapshots are there: only the first may be
 *   written before the link is.
 */
export async function nextSnapshot(
  directory: string,
  current: string | undefined,
): Promise<string> {
  if (current !== undefined) return nameSnapshot(Number(current) + 1);
  const [first, ...others] = await listSnapshots(directory);
  const next = nameSnapshot(1);
  if (others.length === 0 && (first === undefined || first === next)) return next;
  const newest = others.at(-1) ?? first ?? next;
  const detail = `expected a link to a snapshot such as "snapshots/${newest}", found none`;
  throw new StateDamagedError(join(directory, 'current'), detail);
}
