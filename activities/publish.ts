import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { BuiltPackage, CellKey } from '../model/cell.ts';
import type { Settings } from '../model/settings.ts';
import type { ListedPackage, SnapshotContent } from '../model/snapshot.ts';
import { type ContentStore, linkStored } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { withHeartbeat } from './heartbeat.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { requireNamed } from './require-named.ts';
import type { SigningKey } from './signing-key.ts';
import { linkFiles } from './snapshot/link-files.ts';
import { makeMetadata } from './snapshot/make-metadata.ts';
import { removeLeftovers } from './snapshot/remove-leftovers.ts';
import { serveSnapshot } from './snapshot/serve-snapshot.ts';
import {
  pathOfSnapshot,
  readCurrentSnapshot,
  type SnapshotPlace,
} from './snapshot/snapshot-place.ts';
import { readSnapshotContent } from './snapshot/snapshot-records.ts';
import { NOTHING, writeSnapshot } from './snapshot/write-snapshot.ts';

export interface PublishDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly key: SigningKey;
  /** Where the own HTTP server serves the data directory's repositories. */
  readonly serverUrl: string;
  /** Path of dnf, where it is installed. */
  readonly dnf?: string;
  readonly now: () => Date;
  readonly onChange: () => void;
}

/** What is served after a publication. */
export interface Publication {
  readonly snapshot: string;
  readonly packageCount: number;
}

/** A package and the cell that it was built for. */
export interface PublishedPackage extends BuiltPackage {
  /** Absent in what an earlier version asks for. */
  readonly cell?: CellKey;
}

/** See {@link publishActivities}. */
export type PublishActivities = ReturnType<typeof publishActivities>;

/** How long a client with old metadata, which dnf uses for two days, finds what it names. */
const GRACE_MS = 3 * 24 * 60 * 60_000;

/** Activities of the publish station; the workflow `publishRepository` is the only caller. */
export function publishActivities(deps: PublishDeps) {
  const oneAtATime = createOneAtATime();

  /** Brings packages into a repository: a new snapshot, or the served one if it has them all. */
  async function publishPackages(request: {
    readonly repository: string;
    readonly packages: readonly PublishedPackage[];
  }): Promise<Publication> {
    const place = placeOf(deps, request.repository);
    await mkdir(place.directory, { recursive: true });
    return await withHeartbeat((signal) =>
      oneAtATime(place.directory, async () => await publishTo(place, request.packages, signal)),
    );
  }

  async function publishTo(
    place: SnapshotPlace,
    packages: readonly PublishedPackage[],
    signal: AbortSignal,
  ): Promise<Publication> {
    signal.throwIfAborted();
    const { directory } = place;
    await removeLeftovers(directory);
    const current = await readCurrentSnapshot(directory);
    const served = await readServed(directory, current);
    const fresh = findFresh(served.packages, mergeRepeated(packages), deps.now());
    if (current !== undefined && fresh.length === 0) {
      return { snapshot: current, packageCount: served.packages.length };
    }
    const { snapshot, packageCount } = await writeSnapshot(
      place,
      current,
      {
        cause: { kind: 'published' },
        packages: [...served.packages, ...fresh],
        withheld: served.withheld,
        async fill(tree) {
          const former = current === undefined ? undefined : pathOfSnapshot(directory, current);
          await mkdir(join(tree, 'Packages'), { recursive: true });
          if (former !== undefined) {
            const kept = served.packages.map(({ location }) => location);
            await linkFiles(kept, { from: former, to: tree });
          }
          for (const file of fresh) await linkStored(deps.store, file, join(tree, file.location));
          await makeMetadata(tree, former, signal);
        },
      },
      { ...deps, graceMs: GRACE_MS, signal },
    );
    await serveSnapshot(directory, snapshot);
    deps.onChange();
    return { snapshot, packageCount };
  }

  return { publishPackages };
}

/** Where a repository lies and how clients reach it. */
export function placeOf(
  deps: Pick<PublishDeps, 'settings' | 'data' | 'serverUrl'>,
  name: string,
): SnapshotPlace {
  const { repositories } = deps.settings;
  const repository = requireNamed(repositories, 'publish to', 'repository', name);
  return {
    name,
    title: `Kernel modules kept by rekmod (${name})`,
    directory: join(deps.data.repositories, name),
    baseUrl: (repository.baseUrl ?? `${deps.serverUrl}/repositories/${name}`).replace(/\/$/, ''),
  };
}

async function readServed(
  directory: string,
  current: string | undefined,
): Promise<SnapshotContent> {
  if (current === undefined) return NOTHING;
  return await readSnapshotContent(pathOfSnapshot(directory, current));
}

/** A request that was sent twice names its packages twice; a name has one content all the same. */
function mergeRepeated(packages: readonly PublishedPackage[]): readonly PublishedPackage[] {
  const byName = new Map<string, PublishedPackage>();
  for (const file of packages) {
    const before = byName.get(file.fileName);
    if (before && before.sha256 !== file.sha256) {
      throw new ContentInvalidError(file.fileName, 'expected one content of this name, found two');
    }
    byName.set(file.fileName, file);
  }
  return [...byName.values()];
}

/** Leaves out what is served already; a name never changes its content under a client. */
function findFresh(
  served: readonly ListedPackage[],
  packages: readonly PublishedPackage[],
  now: Date,
): readonly ListedPackage[] {
  const byName = new Map(served.map((file) => [file.fileName, file]));
  return packages.flatMap((file): readonly ListedPackage[] => {
    const before = byName.get(file.fileName);
    if (before === undefined) {
      return [{ ...file, location: `Packages/${file.fileName}`, listedAt: now.toISOString() }];
    }
    if (before.sha256 === file.sha256) return [];
    const detail = 'expected a new name, found other content published under the same';
    throw new ContentInvalidError(file.fileName, detail);
  });
}
