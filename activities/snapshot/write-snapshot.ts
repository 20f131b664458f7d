import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type {
  ListedPackage,
  RemovalReason,
  SnapshotCause,
  SnapshotContent,
  SnapshotRecord,
} from '../../model/snapshot.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { type MetadataKey, PUBLIC_KEY_NAME } from '../signing-key.ts';
import { askDnf } from './ask-dnf.ts';
import { checkSnapshot } from './check-snapshot.ts';
import { linkLingering } from './lingering.ts';
import {
  nextSnapshot,
  pathOfDrafts,
  pathOfSnapshot,
  type SnapshotPlace,
} from './snapshot-place.ts';
import { readSnapshotContent, writeSnapshotRecords } from './snapshot-records.ts';
import { syncMetadata } from './sync-metadata.ts';

/** What is in a repository before its first snapshot. */
export const NOTHING: SnapshotContent = { packages: [], withheld: [], lingering: {} };

/** What the next snapshot is to be. */
export interface SnapshotDraft {
  readonly cause: SnapshotCause;
  /** What its metadata will list. */
  readonly packages: readonly ListedPackage[];
  readonly withheld: SnapshotContent['withheld'];
  /** Why packages of the snapshot before are not listed, by file name. @default {'not-in-view'} */
  readonly removed?: ReadonlyMap<string, RemovalReason>;
  /**
   * Fills the draft, an empty directory: `repodata/repomd.xml`, what it names, and the packages that lie in
   * the repository itself, in `Packages/`. A name never changes its content.
   */
  readonly fill: (directory: string) => Promise<void>;
}

/** What writing a snapshot needs. */
export interface SnapshotDeps {
  readonly key: MetadataKey;
  readonly now: () => Date;
  /** Path of dnf; without it rekmod alone reads the snapshot back. */
  readonly dnf?: string;
  /** How long files of replaced snapshots stay for clients in mid-download. */
  readonly graceMs: number;
  readonly signal: AbortSignal;
}

/**
 * Writes the next snapshot: what the draft fills in, signature, `.repo` file, and the files that clients
 * of earlier snapshots may still ask for. Then reads it back as clients would, with our own code and dnf.
 *
 * Nothing is served before `serveSnapshot()`; a crash leaves what `removeLeftovers()` removes. The caller
 * is the repository's only writer, and has called that.
 *
 * @param current The served snapshot.
 * @throws {ContentInvalidError} If the reading back finds other packages than were put in.
 */
export async function writeSnapshot(
  place: SnapshotPlace,
  current: string | undefined,
  draft: SnapshotDraft,
  deps: SnapshotDeps,
): Promise<SnapshotRecord> {
  const { directory } = place;
  const snapshot = await nextSnapshot(directory, current);
  const scratch = join(pathOfDrafts(directory), `${snapshot}-${randomUUID()}`);
  const tree = join(scratch, 'tree');
  try {
    await mkdir(tree, { recursive: true });
    await draft.fill(tree);
    const repomd = join(tree, 'repodata', 'repomd.xml');
    await deps.key.signDetached({ path: repomd, signature: `${repomd}.asc` }, deps.signal);
    await writeClientFiles(tree, place, deps.key);
    const served = current === undefined ? undefined : pathOfSnapshot(directory, current);
    const record = await describeDraft({ tree, scratch, snapshot, served }, draft, deps);
    await syncMetadata(tree);
    // An attempt that was given up must not change anything any more.
    deps.signal.throwIfAborted();
    await mkdir(join(directory, 'snapshots'), { recursive: true });
    await rename(tree, pathOfSnapshot(directory, snapshot));
    return record;
  } finally {
    await rm(pathOfDrafts(directory), { recursive: true, force: true });
  }
}

/** Adds what lingers and what is remembered, and reads it all back. */
async function describeDraft(
  { tree, scratch, snapshot, served }: DraftPlace,
  draft: SnapshotDraft,
  deps: SnapshotDeps,
): Promise<SnapshotRecord> {
  const { packages, withheld, cause } = draft;
  const before = served === undefined ? NOTHING : await readSnapshotContent(served);
  const writtenAt = deps.now().toISOString();
  const rule = { before: before.lingering, now: writtenAt, graceMs: deps.graceMs };
  const lingering =
    served === undefined ? {} : await linkLingering({ from: served, to: tree }, rule);
  const record: SnapshotRecord = {
    ...{ schema: 1, snapshot, writtenAt, cause, packageCount: packages.length },
    ...compareListings(before.packages, draft),
    checkedBy: await readBack(tree, scratch, { draft, deps }),
  };
  await writeSnapshotRecords(tree, record, { packages, withheld, lingering });
  return record;
}

interface DraftPlace {
  readonly tree: string;
  /** Is removed when the draft is a snapshot. */
  readonly scratch: string;
  readonly snapshot: string;
  /** Path of the served snapshot. */
  readonly served: string | undefined;
}

/** Both at once: they share nothing, and dnf waits for a processor of its own. */
async function readBack(
  tree: string,
  scratch: string,
  { draft, deps }: { readonly draft: SnapshotDraft; readonly deps: SnapshotDeps },
): Promise<SnapshotRecord['checkedBy']> {
  const { key, dnf, signal } = deps;
  const question = { path: tree, publicKeyFile: key.publicKeyFile, scratch, signal };
  const ends = await Promise.allSettled([
    checkSnapshot(tree, draft.packages, { key, scratch, signal }),
    ...(dnf === undefined ? [] : [askDnf({ ...question, dnf }, draft.packages)]),
  ]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return dnf === undefined ? ['rekmod'] : ['rekmod', 'dnf'];
}

function compareListings(
  before: readonly ListedPackage[],
  { packages, removed }: SnapshotDraft,
): Pick<SnapshotRecord, 'added' | 'removed'> {
  const [old, now] = [before, packages].map((list) => new Set(list.map(nameListed)));
  const added = packages.filter((file) => !old?.has(nameListed(file)));
  const gone = before.filter((file) => !now?.has(nameListed(file)));
  return {
    added: added.map(({ fileName }) => fileName).sort(),
    removed: gone
      .map(({ fileName }) => ({ fileName, why: removed?.get(fileName) ?? 'not-in-view' }) as const)
      .sort((a, b) => (a.fileName < b.fileName ? -1 : 1)),
  };
}

function nameListed({ fileName, sha256 }: ListedPackage): string {
  return `${fileName} ${sha256}`;
}

async function writeClientFiles(
  snapshot: string,
  { name, title, baseUrl, vendorKeys = [], hasUnsigned = false }: SnapshotPlace,
  key: MetadataKey,
): Promise<void> {
  const keys = [PUBLIC_KEY_NAME];
  const publicKey = await readFile(key.publicKeyFile);
  await writeFileAtomically(join(snapshot, PUBLIC_KEY_NAME), publicKey);
  for (const [index, file] of vendorKeys.entries()) {
    const keyName = `RPM-GPG-KEY-vendor-${index + 1}`;
    await writeFileAtomically(join(snapshot, keyName), await readFile(file));
    keys.push(keyName);
  }
  const repo = [
    `[rekmod-${name}]`,
    `name=${title}`,
    `baseurl=${baseUrl}/`,
    'enabled=1',
    `gpgcheck=${hasUnsigned ? 0 : 1}`,
    'repo_gpgcheck=1',
    // zypper takes signed metadata for proof enough of the packages that they list, unless it is told.
    `pkg_gpgcheck=${hasUnsigned ? 0 : 1}`,
    `gpgkey=${keys.map((keyName) => `${baseUrl}/${keyName}`).join(' ')}`,
    '',
  ];
  await writeFileAtomically(join(snapshot, `rekmod-${name}.repo`), repo.join('\n'));
  for (const file of key.clientFiles) {
    await writeFileAtomically(join(snapshot, basename(file)), await readFile(file));
  }
  // Where zypper looks for the key of a repository that it was given by its URL alone.
  await writeFileAtomically(join(snapshot, 'repodata', 'repomd.xml.key'), publicKey);
}
