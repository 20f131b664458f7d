import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Keep } from '../../model/settings.ts';
import type {
  ListedPackage,
  RemovalReason,
  SnapshotCause,
  SnapshotContent,
} from '../../model/snapshot.ts';
import { findExpiredSnapshots } from '../../plan/expired-snapshots.ts';
import { type ContentStore, linkStored } from '../content-store.ts';
import { locateProvenance } from '../provenance/statement-names.ts';
import { linkFiles } from './link-files.ts';
import { makeMetadata } from './make-metadata.ts';
import { removeLeftovers, removeSnapshot } from './remove-leftovers.ts';
import { serveSnapshot } from './serve-snapshot.ts';
import {
  listSnapshots,
  pathOfSnapshot,
  readCurrentSnapshot,
  type SnapshotPlace,
} from './snapshot-place.ts';
import { readSnapshotContent, readSnapshotRecord } from './snapshot-records.ts';
import { NOTHING, type SnapshotDeps, writeSnapshot } from './write-snapshot.ts';

/** What is served now. */
export interface ServedSnapshot {
  /** Undefined before the first. */
  readonly snapshot: string | undefined;
  readonly content: SnapshotContent;
}

/** What the next snapshot lists. */
export interface RepositoryChange {
  readonly cause: SnapshotCause;
  /** Packages of a snapshot that is there, the served one if nothing else is said. */
  readonly kept: readonly ListedPackage[];
  readonly keptFrom?: string;
  /** Packages of the store. */
  readonly fresh: readonly ListedPackage[];
  readonly withheld: SnapshotContent['withheld'];
  readonly removed: ReadonlyMap<string, RemovalReason>;
}

/** What a change needs. */
export interface ChangeDeps extends Omit<SnapshotDeps, 'graceMs'> {
  readonly store: ContentStore;
  readonly keep: Keep;
}

/** What is served after a change. */
export interface Publication {
  readonly snapshot: string;
  readonly packageCount: number;
  /** Absent where nothing else is to be brought anywhere. */
  readonly hasMirror?: boolean;
}

/**
 * Changes what a repository of packages lists: clears what a crash left, has it decided, writes the next
 * snapshot, serves it, and removes the snapshots that need not be kept. The caller is the only writer.
 *
 * @param decide Gets what is served. Undefined: it stays as it is.
 * @returns Undefined if nothing was ever served, and still is not.
 */
export async function changeRepository(
  place: SnapshotPlace,
  decide: (served: ServedSnapshot) => Promise<RepositoryChange | undefined>,
  deps: ChangeDeps,
): Promise<(Publication & { readonly isChanged: boolean }) | undefined> {
  const { directory } = place;
  deps.signal.throwIfAborted();
  await removeLeftovers(directory);
  const snapshot = await readCurrentSnapshot(directory);
  const content =
    snapshot === undefined
      ? NOTHING
      : await readSnapshotContent(pathOfSnapshot(directory, snapshot));
  const change = await decide({ snapshot, content });
  const written = change && (await writeChange(place, { snapshot, content }, change, deps));
  if (written) await serveSnapshot(directory, written.snapshot);
  const current = written?.snapshot ?? snapshot;
  if (current === undefined) return undefined;
  await removeExpired(directory, current, deps);
  const packageCount = written?.packageCount ?? content.packages.length;
  return { snapshot: current, packageCount, isChanged: written !== undefined };
}

async function writeChange(
  place: SnapshotPlace,
  served: ServedSnapshot,
  change: RepositoryChange,
  deps: ChangeDeps,
): Promise<Publication> {
  const { kept, fresh, keptFrom = served.snapshot } = change;
  const former = keptFrom === undefined ? undefined : pathOfSnapshot(place.directory, keptFrom);
  const draft = {
    ...change,
    packages: [...kept, ...fresh],
    async fill(tree: string): Promise<void> {
      await mkdir(join(tree, 'Packages'), { recursive: true });
      for (const file of fresh) await linkFresh(deps.store, file, tree);
      const locations = draft.packages.map(({ location }) => location);
      const old = kept.flatMap(listFiles);
      // Metadata of old packages are taken over by name, so nothing looks for these files meanwhile.
      const ends = await Promise.allSettled([
        makeMetadata(tree, { former, locations, signal: deps.signal }),
        former === undefined ? undefined : linkFiles(old, { from: former, to: tree }),
      ]);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
  return await writeSnapshot(place, served.snapshot, draft, {
    ...deps,
    graceMs: deps.keep.graceMs,
  });
}

/** A package and the statement about it. */
async function linkFresh(store: ContentStore, file: ListedPackage, tree: string): Promise<void> {
  await linkStored(store, file, join(tree, file.location));
  if (file.provenance === undefined) return;
  const { statement, signature } = locateProvenance(file.fileName);
  await linkStored(store, file.provenance.statement, join(tree, statement));
  await linkStored(store, file.provenance.signature, join(tree, signature));
}

function listFiles({ location, fileName, provenance }: ListedPackage): readonly string[] {
  if (provenance === undefined) return [location];
  const { statement, signature } = locateProvenance(fileName);
  return [location, statement, signature];
}

/** Of a snapshot of an earlier version nobody knows when it was written. */
const LONG_AGO = '1970-01-01T00:00:00.000Z';

/** Removes the snapshots of a repository that need not be kept; the caller is its only writer. */
export async function removeExpired(
  directory: string,
  current: string,
  { keep, now }: Pick<ChangeDeps, 'keep' | 'now'>,
): Promise<void> {
  const names = await listSnapshots(directory);
  const snapshots = await Promise.all(
    names.map(async (snapshot) => {
      const record = await readSnapshotRecord(pathOfSnapshot(directory, snapshot));
      return { snapshot, writtenAt: record?.writtenAt ?? LONG_AGO };
    }),
  );
  const rule = { current, keep, now: now().toISOString() };
  for (const snapshot of findExpiredSnapshots(snapshots, rule)) {
    await removeSnapshot(directory, snapshot);
  }
}
