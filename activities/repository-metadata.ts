import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ContentInvalidError,
  ContentMismatchError,
  SignatureRefusedError,
  StreamUnreachableError,
} from '../model/activity-errors.ts';
import type { RepositoryPackage } from '../model/kernel.ts';
import type { StreamTrust } from '../model/settings.ts';
import type { PrimaryParserOptions } from '../rpm/primary.ts';
import { parseRepomd, type Repomd } from '../rpm/repomd.ts';
import { formatOf } from './decompress.ts';
import { fetchBytes, fetchUrl, readBounded, type Validators } from './fetch-url.ts';
import { createTextDecoder, parsePrimaryFile } from './primary-file.ts';
import { verifyDetached } from './verify-signature.ts';
import { writeVerified } from './write-verified.ts';

/** What a look at one rpm-md repository needs. */
export interface RepositoryLook {
  readonly baseUrl: string;
  readonly trust: StreamTrust;
  /** From the last look; empty to read everything again. */
  readonly validators: Validators;
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
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'read';
      /** Their `location` is a whole URL. */
      readonly packages: readonly RepositoryPackage[];
      readonly packageCount: number;
      readonly validators: Validators;
    };

const MAX_REPOMD_BYTES = 1024 * 1024;
const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_PRIMARY_BYTES = 512 * 1024 * 1024;

/**
 * Reads a repository's packages: one conditional request when nothing changed; else `repomd.xml`,
 * its signature if asked for, and the primary metadata, verified before it is parsed.
 *
 * @throws {StreamUnreachableError} If the server does not give them.
 * @throws {SignatureRefusedError} If `repomd.xml` is not signed by a configured key.
 * @throws {ContentMismatchError} If the primary metadata is not what `repomd.xml` promises.
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
  if (look.trust.repoGpgCheck) await verifyRepomd(url, bytes, look);
  const repomd = parseRepomd(createTextDecoder(url)(bytes));
  const found = await readPrimary(repomd, look);
  return { kind: 'read', ...found, validators: fetched.validators };
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
  const { gpgKeys: keyFiles } = look.trust;
  await verifyDetached(url, content, { signature, keyFiles, signal: look.signal });
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
    return await parsePrimary(path, primary.location, look);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function parsePrimary(
  path: string,
  location: string,
  look: RepositoryLook,
): Promise<{ readonly packages: readonly RepositoryPackage[]; readonly packageCount: number }> {
  const packages: RepositoryPackage[] = [];
  const collect = (found: RepositoryPackage) =>
    packages.push({ ...found, location: below(look.baseUrl, found.location) });
  const packageCount = await parsePrimaryFile({
    path,
    format: formatOf(location),
    thing: below(look.baseUrl, location),
    isWanted: look.isWanted,
    onPackage: look.onPackage ?? collect,
    ...(look.acceptsBase === undefined ? {} : { acceptsBase: look.acceptsBase }),
    ...(look.wantsDependency === undefined ? {} : { wantsDependency: look.wantsDependency }),
    signal: look.signal,
  });
  return { packages, packageCount };
}
