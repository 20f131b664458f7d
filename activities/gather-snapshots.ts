import { join } from 'node:path';
import type { Settings } from '../model/settings.ts';
import type { RepositorySnapshots } from '../report/snapshots-text.ts';
import type { DataDirectory } from './data-directory.ts';
import { listNames } from './list-names.ts';
import { requireNamed } from './require-named.ts';
import { listSnapshots, pathOfSnapshot, readCurrentSnapshot } from './snapshot/snapshot-place.ts';
import { readSnapshotContent, readSnapshotRecord } from './snapshot/snapshot-records.ts';

/** Names of the repositories that are configured or lie in the data directory, sorted. */
export async function listRepositories(
  settings: Settings,
  data: DataDirectory,
): Promise<readonly string[]> {
  const found = await listNames(data.repositories);
  return [...new Set([...settings.repositories.map(({ name }) => name), ...found])].sort();
}

/**
 * Gathers what a repository serves and can go back to, from its files alone.
 *
 * @throws {NotFoundError} If there is no such repository.
 */
export async function gatherSnapshots(
  name: string,
  { settings, data }: { readonly settings: Settings; readonly data: DataDirectory },
): Promise<RepositorySnapshots> {
  const known = (await listRepositories(settings, data)).map((one) => ({ name: one }));
  const { name: repository } = requireNamed(known, 'list', 'repository', name);
  const directory = join(data.repositories, repository);
  const current = await readCurrentSnapshot(directory);
  const names = await listSnapshots(directory);
  const snapshots = await Promise.all(
    names.map(async (snapshot) => {
      const record = await readSnapshotRecord(pathOfSnapshot(directory, snapshot));
      return { snapshot, isServed: snapshot === current, ...(record ? { record } : {}) };
    }),
  );
  if (current === undefined) return { repository, snapshots, withheld: [] };
  const { withheld } = await readSnapshotContent(pathOfSnapshot(directory, current));
  return {
    repository,
    snapshots,
    withheld: withheld.map(({ fileName, by, why, since }) => ({ fileName, by, why, since })),
  };
}
