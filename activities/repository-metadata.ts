import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ContentInvalidError,
  ContentMismatchError,
  MirrorLagsError,
  SignatureRefusedError,
  StreamUnreachableError,
} from '../model/activity-errors.ts';
import type { Checksum, RepositoryPackage } from '../model/kernel.ts';
import { RepodataParseError } from '../model/parse-errors.ts';
import type { StreamTrust } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import type { Validators } from '../model/stream-watch.ts';
import { isOlderRevision } from '../plan/judge-look.ts';
import type { PrimaryParserOptions } from '../rpm/primary.ts';
import { parseRepomd, type Repomd, type RepomdFile } from '../rpm/repomd.ts';
import { formatOf } from './decompress.ts';
import { fetchBytes, fetchUrl, readBounded } from './fetch-url.ts';
import { createTextDecoder, parsePrimaryFile } from './primary-file.ts';
import { verifyDetached } from './verify-signature.ts';
import { writeVerified } from './write-verified.ts';

/** What a look at one rpm-md repository needs. */
export interface RepositoryLook {
  readonly baseUrl: string;
  readonly trust: StreamTrust;
  /** From the last look; empty to read everything again. */
  readonly validators: Validators;
  /** Of the `repomd.xml` that was read last: one that is the same has not changed. */
  readonly knownDigest?: Sha256Hex | undefined;
  /** What a metalink promises: `repomd.xml` must have one of these. */
  readonly promised?: readonly Checksum[] | undefined;
  /** An older revision is refused. */
  readonly atLeast?: string | undefined;
  readonly isWanted: (name: string, arch: string) => boolean;
  /** Gets the wanted packages one by one, their `location` as it is; they are not collected then. */
  readonly onPackage?: PrimaryParserOptions['onPackage'];
  /** Which of their requires and provides `onPackage` gets. */
  readonly wantsDependency?: (name: string) => boolean;
  /** See {@link PrimaryParserOptions}. */
  readonly acceptsBase?: boolean;
  /** Holds the compressed metadata for a moment. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** What it found. */
export type RepositoryContent =
  | {
      readonly kind: 'unchanged';
      /** Of a server that gave the same content again; absent when it said itself that nothing changed. */
      readonly validators?: Validators;
    }
  | {
      readonly kind: 'read';
      readonly repomd: RepomdFacts;
      /** Their `location` is a whole URL. */
      readonly packages: readonly RepositoryPackage[];
      readonly packageCount: number;
      readonly validators: Validators;
    };

/** What `repomd.xml` was. */
export interface RepomdFacts {
  readonly digest: Sha256Hex;
  /** See {@link Repomd}. */
  readonly revision: string;
  readonly bytes: Uint8Array;
}

/** Far more than any family has; a repository that lists millions of kernels must not fill the memory. */
const MAX_WANTED_PACKAGES = 20_000;
const MAX_REPOMD_BYTES = 1024 * 1024;
const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_PRIMARY_BYTES = 512 * 1024 * 1024;

/**
 * Reads a repository's packages: one conditional request when nothing changed; else `repomd.xml`,
 * its signature if asked for, and the primary metadata, verified before it is parsed.
 *
 * @throws {StreamUnreachableError} If the server does not give them.
 * @throws {SignatureRefusedError} If `repomd.xml` is not signed by a configured key.
 * @throws {ContentMismatchError} If the primary metadata is not what `repomd.xml` promises, or `repomd.xml` is not
 *   whole or not what a metalink promises: the mirror is in the middle of a sync.
 * @throws {MirrorLagsError} If `repomd.xml` is older than what was asked for.
 * @throws {ContentInvalidError} If there is no primary metadata.
 */
export async function readRepository(look: RepositoryLook): Promise<RepositoryContent> {
  const url = below(look.baseUrl, 'repodata/repomd.xml');
  const fetched = await fetchUrl(url, look);
  if (fetched.kind === 'unchanged') return fetched;
  if (fetched.kind === 'missing') {
    throw new StreamUnreachableError(url, 'expected repository metadata, found no such file');
  }
  const bytes = await readBounded(url, fetched.body, MAX_REPOMD_BYTES);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const { validators } = fetched;
  if (digest === look.knownDigest) return { kind: 'unchanged', validators };
  requirePromised(url, bytes, look.promised);
  if (look.trust.repoGpgCheck) await verifyRepomd(url, bytes, look);
  const repomd = parseWhole(url, bytes);
  const { revision } = repomd;
  if (isOlderRevision(revision, look.atLeast)) {
    throw new MirrorLagsError(url, `expected revision ${look.atLeast} or newer, found ${revision}`);
  }
  const found = await readPrimary(repomd, look);
  return { kind: 'read', ...found, validators, repomd: { digest, revision, bytes } };
}

/**
 * Checks the digest of `repomd.xml` against a metalink's.
 *
 * @throws {ContentMismatchError} If it has none of the promised ones; nothing was promised when absent.
 */
export function requirePromised(
  url: string,
  bytes: Uint8Array,
  promised: readonly Checksum[] | undefined,
): void {
  if (promised === undefined) return;
  const isKept = promised.some(
    ({ type, value }) => createHash(type).update(bytes).digest('hex') === value,
  );
  if (isKept) return;
  throw new ContentMismatchError(url, 'expected one of the digests that its metalink promises');
}

/** What cannot be parsed was not verified yet: a mirror that is writing it is more likely than one that went mad. */
function parseWhole(url: string, bytes: Uint8Array): Repomd {
  try {
    return parseRepomd(createTextDecoder(url)(bytes));
  } catch (cause) {
    if (!(cause instanceof RepodataParseError || cause instanceof ContentInvalidError)) throw cause;
    throw new ContentMismatchError(url, `expected a whole repomd.xml, found: ${cause.message}`, {
      cause,
    });
  }
}

/** Joins a base URL, with or without a final slash, and a relative location. */
export function below(baseUrl: string, location: string): string {
  return new URL(location, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`).href;
}

async function verifyRepomd(url: string, content: Uint8Array, look: RepositoryLook): Promise<void> {
  const signatureUrl = `${url}.asc`;
  const signature = await fetchBytes(signatureUrl, {
    maxBytes: MAX_SIGNATURE_BYTES,
    signal: look.signal,
  });
  if (!signature) {
    throw new SignatureRefusedError(url, `expected its signature "${signatureUrl}", found none`);
  }
  const { scratch, signal } = look;
  const { gpgKeys: keyFiles } = look.trust;
  await verifyDetached(url, content, { signature, keyFiles, scratch, signal });
}

async function readPrimary(
  repomd: Repomd,
  look: RepositoryLook,
): Promise<{ readonly packages: readonly RepositoryPackage[]; readonly packageCount: number }> {
  const primary = repomd.files.find((file) => file.type === 'primary');
  if (!primary) {
    throw new ContentInvalidError(look.baseUrl, 'expected primary metadata, found none');
  }
  const url = below(look.baseUrl, primary.location);
  const directory = await mkdtemp(join(look.scratch, 'primary-'));
  try {
    const path = join(directory, 'primary');
    const fetched = await fetchUrl(url, { signal: look.signal });
    if (fetched.kind !== 'content') {
      throw new ContentMismatchError(url, 'expected the file that repomd.xml names, found none');
    }
    const { checksum, sizeBytes } = primary;
    const size = sizeBytes === undefined ? {} : { sizeBytes };
    await writeVerified(path, fetched.body, {
      url,
      checksum,
      ...size,
      maxBytes: MAX_PRIMARY_BYTES,
    });
    return await parsePrimary(path, primary, look);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function parsePrimary(
  path: string,
  { location, openSizeBytes }: RepomdFile,
  look: RepositoryLook,
): Promise<{ readonly packages: readonly RepositoryPackage[]; readonly packageCount: number }> {
  const packages: RepositoryPackage[] = [];
  const thing = below(look.baseUrl, location);
  function collect(found: RepositoryPackage): void {
    if (packages.length === MAX_WANTED_PACKAGES) {
      const detail = `expected at most ${MAX_WANTED_PACKAGES} packages of kernels, found more`;
      throw new ContentInvalidError(thing, detail);
    }
    packages.push({ ...found, location: below(look.baseUrl, found.location) });
  }
  const packageCount = await parsePrimaryFile({
    path,
    format: formatOf(location),
    thing,
    isWanted: look.isWanted,
    onPackage: look.onPackage ?? collect,
    ...(openSizeBytes === undefined ? {} : { openSizeBytes }),
    ...(look.acceptsBase === undefined ? {} : { acceptsBase: look.acceptsBase }),
    ...(look.wantsDependency === undefined ? {} : { wantsDependency: look.wantsDependency }),
    signal: look.signal,
  });
  return { packages, packageCount };
}
