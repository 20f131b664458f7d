import { join } from 'node:path';
import type { Stream } from '../../model/settings.ts';
import { type ContentStore, linkStored } from '../content-store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { downloadPackage } from '../download-package.ts';
import { below } from '../repository-metadata.ts';
import { withScratch } from '../scratch.ts';
import { linkFiles } from '../snapshot/link-files.ts';
import { makeKeyDatabase, verifyRpm } from '../verify-signature.ts';
import { type PlacedPackage, placePackages } from './choose-listed.ts';
import type { ListedSource } from './write-view.ts';

/** What linking packages needs. */
export interface LinkContext {
  readonly stream: Stream;
  readonly data: DataDirectory;
  readonly store: ContentStore;
  /** Checksums of packages that the snapshot before listed; their signatures were checked then. */
  readonly former: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** Downloads at once; mirrors allow a few connections of one client. */
const PARALLEL = 4;

/**
 * Puts the packages that lie in a view's own repository into its draft, as hard links: the kmods, and where
 * upstream's are mirrored those as well, each verified by its checksum and, if the stream asks for it, its
 * signature, before it has a name there.
 */
export async function linkPackages(
  tree: string,
  sources: readonly ListedSource[],
  context: LinkContext,
): Promise<void> {
  for (const source of sources) {
    const packages = placePackages(source);
    if (source.lies) {
      const paths = packages.map(({ location }) => decodeURIComponent(location));
      await linkFiles(paths, { from: source.lies.path, to: tree });
    } else if (source.place && 'folder' in source.place) {
      await mirror(tree, source, packages, context);
    }
  }
}

async function mirror(
  tree: string,
  { source }: ListedSource,
  packages: readonly PlacedPackage[],
  { stream, data, store, former, signal }: LinkContext,
): Promise<void> {
  const { baseUrl } = source.repository;
  await withScratch(data, 'keys', async (directory) => {
    const { gpgCheck, gpgKeys } = stream.trust;
    const keys = gpgCheck ? await makeKeyDatabase(directory, gpgKeys) : undefined;
    const rest = packages.values();
    async function serve(): Promise<void> {
      for (const { entry, location } of rest) {
        const url = below(baseUrl, entry.location);
        const stored = await downloadPackage(
          { ...entry, location: url, buildTimeSeconds: 0 },
          store,
          signal,
        );
        if (keys && !former.has(stored.sha256))
          await verifyRpm(url, await store.require(stored), { keys, signal });
        await linkStored(store, stored, join(tree, decodeURIComponent(location)));
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, serve));
  });
}
