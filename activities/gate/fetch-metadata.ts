import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  ContentMismatchError,
  SignatureRefusedError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import type { Checksum } from '../../model/kernel.ts';
import type { StreamTrust } from '../../model/settings.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { parseRepomd, type Repomd, type RepomdFile } from '../../rpm/repomd.ts';
import { fetchBytes, fetchUrl } from '../fetch-url.ts';
import { type Upstream, useUpstream } from '../mirrors.ts';
import { createTextDecoder } from '../primary-file.ts';
import { below, requirePromised } from '../repository-metadata.ts';
import { verifyDetached } from '../verify-signature.ts';
import { writeVerified } from '../write-verified.ts';

/** A repository's entry file, verified as far as the stream asks for it. */
export interface OpenRepository {
  readonly baseUrl: string;
  readonly repomd: Repomd;
  /** Of `repomd.xml`, and with it of everything in the repository. */
  readonly digest: Sha256Hex;
}

/** How a repository is opened. */
export interface OpenOptions {
  readonly trust: StreamTrust;
  /** See {@link requirePromised}. */
  readonly promised?: readonly Checksum[] | undefined;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

const MAX_REPOMD_BYTES = 1024 * 1024;
const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

/**
 * Reads `repomd.xml`.
 *
 * @throws {StreamUnreachableError} If the server does not give it.
 * @throws {SignatureRefusedError} If it is not signed by a configured key where it must be.
 */
export async function openRepository(
  baseUrl: string,
  { trust, promised, scratch, signal }: OpenOptions,
): Promise<OpenRepository> {
  const url = below(baseUrl, 'repodata/repomd.xml');
  const bytes = await fetchBytes(url, { maxBytes: MAX_REPOMD_BYTES, signal });
  if (!bytes) {
    throw new StreamUnreachableError(url, 'expected repository metadata, found no such file');
  }
  requirePromised(url, bytes, promised);
  if (trust.repoGpgCheck) {
    const signature = await fetchBytes(`${url}.asc`, { maxBytes: MAX_SIGNATURE_BYTES, signal });
    if (!signature) {
      throw new SignatureRefusedError(url, `expected its signature "${url}.asc", found none`);
    }
    await verifyDetached(url, bytes, { signature, keyFiles: trust.gpgKeys, scratch, signal });
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { baseUrl, repomd: parseRepomd(createTextDecoder(url)(bytes)), digest };
}

/** Opens a repository of a stream on the first of its mirrors that serves it; see {@link openRepository}. */
export async function openUpstream(
  upstream: Upstream,
  options: Omit<OpenOptions, 'promised'>,
): Promise<OpenRepository> {
  return await useUpstream(upstream, {
    use: (baseUrl, promised) => openRepository(baseUrl, { ...options, promised }),
    signal: options.signal,
  });
}

/**
 * Downloads a file that `repomd.xml` names, verified by it.
 *
 * @param directory Exists, and holds no file of that type yet.
 * @returns The path.
 * @throws {ContentMismatchError} If it is not what `repomd.xml` promises.
 */
export async function fetchMetadataFile(
  { baseUrl }: Pick<OpenRepository, 'baseUrl'>,
  { type, location, checksum, sizeBytes }: RepomdFile,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
): Promise<string> {
  const url = below(baseUrl, location);
  const fetched = await fetchUrl(url, { signal });
  if (fetched.kind !== 'content') {
    throw new ContentMismatchError(url, 'expected the file that repomd.xml names, found none');
  }
  const path = join(directory, type);
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  await writeVerified(path, fetched.body, { url, checksum, ...size, maxBytes: MAX_FILE_BYTES });
  return path;
}
