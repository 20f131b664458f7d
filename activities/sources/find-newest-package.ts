import { mkdir } from 'node:fs/promises';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { RepositorySource } from '../../model/kmod.ts';
import type { Validators } from '../../model/stream-watch.ts';
import { compareEvr } from '../../rpm/evr.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import type { ContentStore } from '../content-store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { downloadPackage } from '../download-package.ts';
import { readRepository } from '../repository-metadata.ts';
import { withScratch } from '../scratch.ts';
import { makeKeyDatabase, verifyRpm } from '../verify-signature.ts';
import type { SourcePin } from './source-pins.ts';

/** Where packages are kept, and what the last look left. */
export interface FindPackageOptions {
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly validators: Validators;
  readonly signal: AbortSignal;
}

/** What a repository had. */
export type FoundPackage =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'found'; readonly pin: SourcePin; readonly validators: Validators };

/**
 * Finds the newest source package of a name, by epoch, version and release, and takes it into the store.
 *
 * @throws {StreamUnreachableError} If the repository cannot be reached.
 * @throws {ContentMismatchError} If what comes is not what the metadata promises.
 * @throws {SignatureRefusedError} If keys are configured and none of them signed it.
 * @throws {NotFoundError} If the repository has no such source package.
 */
export async function findNewestPackage(
  source: RepositorySource,
  { data, store, validators, signal }: FindPackageOptions,
): Promise<FoundPackage> {
  return await withScratch(data, 'source', async (scratch) => {
    await mkdir(scratch, { recursive: true });
    const content = await readRepository({
      baseUrl: source.url,
      trust: { gpgKeys: source.gpgKeys, gpgCheck: source.gpgKeys.length > 0, repoGpgCheck: false },
      validators,
      isWanted: (name, arch) => name === source.packageName && (arch === 'src' || arch === 'nosrc'),
      scratch,
      signal,
    });
    if (content.kind === 'unchanged') return content;
    const newest = [...content.packages].sort(compareEvr).at(-1);
    if (newest === undefined) {
      const detail = `expected a source package "${source.packageName}", found ${content.packageCount} other packages`;
      throw new NotFoundError('find the source in', source.url, detail);
    }
    const file = await downloadPackage(newest, store, signal);
    if (source.gpgKeys.length > 0) {
      const keys = await makeKeyDatabase(`${scratch}/keys`, source.gpgKeys);
      await verifyRpm(newest.location, await store.require(file), { keys, signal });
    }
    const pin = { kind: 'file', file, name: formatNevra(newest) } as const;
    return { kind: 'found', pin, validators: content.validators };
  });
}
