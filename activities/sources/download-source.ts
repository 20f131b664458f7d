import {
  ContentInvalidError,
  ContentMismatchError,
  NotFoundError,
} from '../../model/activity-errors.ts';
import type { DownloadSource } from '../../model/kmod.ts';
import type { StoredFile } from '../../model/store.ts';
import type { ContentStore } from '../content-store.ts';
import { fetchUrl } from '../fetch-url.ts';

/** Sources of kmods have less; a page of errors has another digest anyway. */
const MAX_BYTES = 4 * 1024 ** 3;

/**
 * Downloads what a digest in the inventory names, once: what is in the store is not asked for again.
 *
 * @throws {StreamUnreachableError} If the server cannot be reached.
 * @throws {NotFoundError} If it has no such file.
 * @throws {ContentInvalidError} If the file is another one.
 */
export async function downloadSource(
  { url, sha256 }: DownloadSource,
  { store, signal }: { readonly store: ContentStore; readonly signal: AbortSignal },
): Promise<StoredFile> {
  const known = await store.find(sha256);
  if (known) return known;
  const fetched = await fetchUrl(url, { signal });
  if (fetched.kind !== 'content')
    throw new NotFoundError('fetch', url, 'expected a file, found none');
  const checksum = { type: 'sha256', value: sha256 };
  try {
    return await store.add(fetched.body, { url, checksum, maxBytes: MAX_BYTES });
  } catch (cause) {
    if (!(cause instanceof ContentMismatchError)) throw cause;
    // The digest is a person's, not a mirror's in the middle of a sync.
    throw new ContentInvalidError(url, `${cause.message}; set "sha256" if this is what is meant`, {
      cause,
    });
  }
}
