import { ContentMismatchError } from '../model/activity-errors.ts';
import type { RepositoryPackage } from '../model/kernel.ts';
import type { StoredFile } from '../model/store.ts';
import type { ContentStore } from './content-store.ts';
import { fetchUrl } from './fetch-url.ts';
import { tryMirrors } from './mirrors.ts';

/**
 * Takes a package that a repository's metadata name into the store, verified by them, from the first mirror
 * that has it; one that is there is not fetched again.
 *
 * @param found Its location is a whole URL.
 * @throws {StreamUnreachableError} If the server cannot be reached.
 * @throws {ContentMismatchError} If there is no such file, or another one.
 */
export async function downloadPackage(
  found: RepositoryPackage,
  store: ContentStore,
  signal: AbortSignal,
): Promise<StoredFile> {
  const { location, otherLocations = [], checksum, sizeBytes } = found;
  const known = checksum.type === 'sha256' ? await store.find(checksum.value) : undefined;
  if (known?.sizeBytes === sizeBytes) return known;
  async function fetchFrom(url: string): Promise<StoredFile> {
    const fetched = await fetchUrl(url, { signal });
    if (fetched.kind !== 'content') {
      const detail = 'expected the package that the metadata names, found none';
      throw new ContentMismatchError(url, detail);
    }
    return await store.add(fetched.body, { url, checksum, sizeBytes });
  }
  const urls = [location, ...otherLocations];
  return (await tryMirrors(location, urls, { use: fetchFrom, signal })).value;
}
