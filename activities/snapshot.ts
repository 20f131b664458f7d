import { link, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { BuiltPackage } from '../model/cell.ts';
import type { Repository } from '../model/settings.ts';
import { isMissing, writeFileAtomically } from './atomic-file.ts';
import { type ContentStore, linkStored } from './content-store.ts';
import { readRepository } from './repository-metadata.ts';
import { runProgram } from './run-program.ts';
import { type SigningKey, signDetached } from './signing-key.ts';

/** One output repository on disk: numbered snapshots that never change, and a link to the served one. */
export interface SnapshotPlace {
  /** Holds `snapshots/<number>/` and `current`. */
  readonly directory: string;
  readonly repository: Repository;
  /** Where clients find the repository. */
  readonly baseUrl: string;
}

/** Name of the key file beside the metadata. */
export const PUBLIC_KEY_NAME = 'RPM-GPG-KEY-rekmod';

/** The served snapshot, e.g. `000007`; undefined before the first. */
export async function readCurrentSnapshot(directory: string): Promise<string | undefined> {
  try {
    return (await readlink(join(directory, 'current'))).replace(/^snapshots\//, '');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** File names of a snapshot's packages. */
export async function listPackages(
  directory: string,
  snapshot: string,
): Promise<readonly string[]> {
  return await readdir(join(directory, 'snapshots', snapshot, 'Packages'));
}

/**
 * Writes the next snapshot: all packages of the served one and the new ones, as hard links; metadata
 * by createrepo_c, reusing the old; signature; `.repo` file. Then reads it back as a client would.
 *
 * Nothing is served before {@link serveSnapshot}; a crash leaves an unfinished directory that the
 * next call removes. The caller is the repository's only writer.
 *
 * @throws {ContentInvalidError} If a package's name is taken by other content, or the reading back
 *   finds other packages than were put in.
 */
export async function writeSnapshot(
  place: SnapshotPlace,
  packages: readonly BuiltPackage[],
  { store, key, signal }: { store: ContentStore; key: SigningKey; signal: AbortSignal },
): Promise<string> {
  const current = await readCurrentSnapshot(place.directory);
  const unfinished = join(place.directory, 'snapshots', '.unfinished');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(join(unfinished, 'Packages'), { recursive: true });
  const old = current === undefined ? [] : await listPackages(place.directory, current);
  const oldPath = join(place.directory, 'snapshots', current ?? '');
  for (const name of old) {
    await link(join(oldPath, 'Packages', name), join(unfinished, 'Packages', name));
  }
  const fresh = packages.filter(({ fileName }) => !old.includes(fileName));
  for (const file of fresh)
    await linkStored(store, file, join(unfinished, 'Packages', file.fileName));
  const reuse = current === undefined ? [] : ['--update', '--update-md-path', oldPath];
  await runProgram(
    [
      'createrepo_c',
      '--quiet',
      '--no-database',
      '--general-compress-type=gz',
      ...reuse,
      unfinished,
    ],
    { signal, timeoutMs: 600_000 },
  );
  const repomd = join(unfinished, 'repodata', 'repomd.xml');
  await signDetached(key, { path: repomd, signature: `${repomd}.asc` }, signal);
  await writeClientFiles(unfinished, place, key);
  await checkSnapshot(unfinished, [...old, ...fresh.map((file) => file.fileName)], { key, signal });
  // An attempt that was given up must not change anything any more.
  signal.throwIfAborted();
  const snapshot = await nextNumber(place.directory);
  await rename(unfinished, join(place.directory, 'snapshots', snapshot));
  return snapshot;
}

/** Makes a snapshot the served one, in one step that a client cannot see the middle of. */
export async function serveSnapshot(directory: string, snapshot: string): Promise<void> {
  const next = join(directory, 'current.next');
  await rm(next, { force: true });
  await symlink(join('snapshots', snapshot), next);
  await rename(next, join(directory, 'current'));
}

async function nextNumber(directory: string): Promise<string> {
  const names = await readdir(join(directory, 'snapshots'));
  const numbers = names.map(Number).filter((number) => Number.isSafeInteger(number));
  return `${Math.max(0, ...numbers) + 1}`.padStart(6, '0');
}

async function writeClientFiles(
  snapshot: string,
  { repository, baseUrl }: SnapshotPlace,
  key: SigningKey,
): Promise<void> {
  const repo = [
    `[rekmod-${repository.name}]`,
    `name=Kernel modules kept by rekmod (${repository.name})`,
    `baseurl=${baseUrl}/`,
    'enabled=1',
    'gpgcheck=1',
    'repo_gpgcheck=1',
    `gpgkey=${baseUrl}/${PUBLIC_KEY_NAME}`,
    '',
  ];
  await writeFileAtomically(join(snapshot, `rekmod-${repository.name}.repo`), repo.join('\n'));
  await writeFileAtomically(join(snapshot, PUBLIC_KEY_NAME), await readFile(key.publicKeyFile));
}

/** Reads the snapshot with the code that reads streams: signature, checksums, packages. */
async function checkSnapshot(
  snapshot: string,
  expected: readonly string[],
  { key, signal }: { readonly key: SigningKey; readonly signal: AbortSignal },
): Promise<void> {
  const content = await readRepository({
    baseUrl: pathToFileURL(snapshot).href,
    trust: { gpgKeys: [key.publicKeyFile], repoGpgCheck: true, gpgCheck: true },
    validators: {},
    isWanted: () => true,
    scratch: snapshot,
    signal,
  });
  const packages = content.kind === 'read' ? content.packages : [];
  const found = packages.map(({ location }) =>
    decodeURIComponent(location.split('/').at(-1) ?? ''),
  );
  const missing = expected.filter((name) => !found.includes(name));
  if (missing.length > 0 || found.length !== expected.length) {
    const detail = `expected ${expected.length} packages, found ${found.length} (missing: ${missing.join(', ') || 'none'})`;
    throw new ContentInvalidError(snapshot, detail);
  }
}
