import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { BuiltPackage } from '../model/cell.ts';
import type { Repository, Settings } from '../model/settings.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { withHeartbeat } from './heartbeat.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { requireNamed } from './require-named.ts';
import type { SigningKey } from './signing-key.ts';
import {
  listPackages,
  readCurrentSnapshot,
  type SnapshotPlace,
  serveSnapshot,
  writeSnapshot,
} from './snapshot.ts';

export interface PublishDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly key: SigningKey;
  /** Where the own HTTP server serves the data directory's repositories. */
  readonly serverUrl: string;
  readonly onChange: () => void;
}

/** What is served after a publication. */
export interface Publication {
  readonly snapshot: string;
  readonly packageCount: number;
}

/** See {@link publishActivities}. */
export type PublishActivities = ReturnType<typeof publishActivities>;

/** Activities of the publish station; the workflow `publishRepository` is the only caller. */
export function publishActivities(deps: PublishDeps) {
  const oneAtATime = createOneAtATime();

  /** Brings packages into a repository: a new snapshot, or the served one if it has them all. */
  async function publishPackages(request: {
    readonly repository: string;
    readonly packages: readonly BuiltPackage[];
  }): Promise<Publication> {
    const place = placeOf(deps, request.repository);
    await mkdir(join(place.directory, 'snapshots'), { recursive: true });
    return await withHeartbeat((signal) =>
      oneAtATime(place.directory, async () => await publishTo(place, request.packages, signal)),
    );
  }

  async function publishTo(
    place: SnapshotPlace,
    packages: readonly BuiltPackage[],
    signal: AbortSignal,
  ): Promise<Publication> {
    signal.throwIfAborted();
    const current = await readCurrentSnapshot(place.directory);
    const served = current === undefined ? [] : await listPackages(place.directory, current);
    const missing = await findMissing(place, current, mergeRepeated(packages));
    if (current !== undefined && missing.length === 0) {
      return { snapshot: current, packageCount: served.length };
    }
    const snapshot = await writeSnapshot(place, missing, { ...deps, signal });
    await serveSnapshot(place.directory, snapshot);
    deps.onChange();
    return { snapshot, packageCount: served.length + missing.length };
  }

  return { publishPackages };
}

/** Where a repository lies and how clients reach it. */
export function placeOf(
  deps: Pick<PublishDeps, 'settings' | 'data' | 'serverUrl'>,
  name: string,
): SnapshotPlace {
  const repository: Repository = requireNamed(
    deps.settings.repositories,
    'publish to',
    'repository',
    name,
  );
  return {
    repository,
    directory: join(deps.data.repositories, name),
    baseUrl: (repository.baseUrl ?? `${deps.serverUrl}/repositories/${name}`).replace(/\/$/, ''),
  };
}

/** A request that was sent twice names its packages twice; a name has one content all the same. */
function mergeRepeated(packages: readonly BuiltPackage[]): readonly BuiltPackage[] {
  const byName = new Map<string, BuiltPackage>();
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
async function findMissing(
  place: SnapshotPlace,
  current: string | undefined,
  packages: readonly BuiltPackage[],
): Promise<readonly BuiltPackage[]> {
  if (current === undefined) return packages;
  const directory = join(place.directory, 'snapshots', current, 'Packages');
  const missing: BuiltPackage[] = [];
  for (const file of packages) {
    const bytes = await readFile(join(directory, file.fileName)).catch(() => undefined);
    if (!bytes) {
      missing.push(file);
    } else if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) {
      const detail = 'expected a new name, found other content published under the same';
      throw new ContentInvalidError(file.fileName, detail);
    }
  }
  return missing;
}
