import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { SnapshotContent, WithheldPackage } from '../../model/snapshot.ts';
import { isMissing, readJsonSync } from '../atomic-file.ts';
import { CONTENT_FILE, isContent } from './snapshot-records.ts';

/** What a repository serves, by file name. */
export interface ServedNames {
  readonly listed: ReadonlySet<string>;
  /** What a rollback took away, and who did. */
  readonly withheld: ReadonlyMap<string, WithheldPackage>;
}

/** Tells what a repository serves now; undefined of one that has never served anything. */
export type ServedNamesReader = (repository: string) => ServedNames | undefined;

/**
 * Opens a reader of what is served; a repository is read again only when another snapshot is served.
 *
 * @param repositories The directory of all repositories.
 */
export function openServedNamesReader(repositories: string): ServedNamesReader {
  const known = new Map<string, { readonly snapshot: string; readonly names: ServedNames }>();
  return (repository) => {
    const current = join(repositories, repository, 'current');
    const snapshot = readLink(current);
    if (snapshot === undefined) return undefined;
    const before = known.get(repository);
    if (before?.snapshot === snapshot) return before.names;
    const names = readNames(current);
    if (names && snapshot !== '') known.set(repository, { snapshot, names });
    return names;
  };
}

function readNames(current: string): ServedNames | undefined {
  try {
    const content: Pick<SnapshotContent, 'withheld'> & { packages: readonly Named[] } =
      readJsonSync(join(current, CONTENT_FILE), isContent) ?? listFolder(current);
    return {
      listed: new Set(content.packages.map(({ fileName }) => fileName)),
      withheld: new Map(content.withheld.map((file) => [file.fileName, file])),
    };
  } catch (error) {
    // It was replaced and removed a moment ago, or holds nothing.
    if (isMissing(error)) return undefined;
    throw error;
  }
}

interface Named {
  readonly fileName: string;
}

/** A snapshot of an earlier version lists all that lies in it. */
function listFolder(current: string): {
  readonly packages: readonly Named[];
  readonly withheld: readonly [];
} {
  const names = readdirSync(join(current, 'Packages'));
  return { packages: names.map((fileName) => ({ fileName })), withheld: [] };
}

/** @returns An empty text for a directory in the link's place. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof Error && 'code' in error && error.code === 'EINVAL') return '';
    throw error;
  }
}
