import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { type PackageEntry, parsePackageEntry } from '../../rpm/package-entry.ts';
import type { RepomdFile } from '../../rpm/repomd.ts';
import { formatOf } from '../decompress.ts';
import { below } from '../repository-metadata.ts';
import { fetchMetadataFile, type OpenRepository } from './fetch-metadata.ts';
import { type MetadataElements, readElements, SPLITS } from './read-elements.ts';

/** A repository whose packages are listed, with its metadata on this disk. */
export interface ViewSource {
  readonly repository: OpenRepository;
  /** All its packages, in the file's order. */
  readonly packages: readonly PackageEntry[];
  /** Its metadata by type; only those that a view takes over. */
  readonly files: ReadonlyMap<string, SourceFile>;
}

/** A file of metadata on this disk. */
export interface SourceFile {
  readonly path: string;
  readonly announced: RepomdFile;
}

/** Metadata without which there is no repository. */
const NEEDED = ['primary', 'filelists', 'other'] as const;
/** Taken over if it is there. Deltas and databases are not: they name packages that may be hidden. */
const WANTED: ReadonlySet<string> = new Set([
  ...NEEDED,
  'updateinfo',
  'group',
  'group_gz',
  'modules',
]);
const PACKAGE_LIMIT = 500_000;

/**
 * Downloads what a view takes of a repository and reads which packages it has; some hundred bytes of each stay
 * in memory.
 *
 * @throws {ContentMismatchError} If a file is not what `repomd.xml` promises.
 * @throws {ContentInvalidError} If needed metadata is not named.
 */
export async function openSource(
  repository: OpenRepository,
  { directory, signal }: { readonly directory: string; readonly signal: AbortSignal },
): Promise<ViewSource> {
  await mkdir(directory, { recursive: true });
  const files = new Map<string, SourceFile>();
  for (const announced of repository.repomd.files) {
    if (!WANTED.has(announced.type)) continue;
    const path = await fetchMetadataFile(repository, announced, { directory, signal });
    files.set(announced.type, { path, announced });
  }
  for (const type of NEEDED) {
    if (files.has(type)) continue;
    throw new ContentInvalidError(repository.baseUrl, `expected ${type} metadata, found none`);
  }
  const source = { repository, packages: [], files };
  const packages: PackageEntry[] = [];
  for await (const text of readSource(source, 'primary', signal)) {
    packages.push(parsePackageEntry(text));
    if (packages.length > PACKAGE_LIMIT) {
      const detail = `expected at most ${PACKAGE_LIMIT} packages, found more`;
      throw new ContentInvalidError(repository.baseUrl, detail);
    }
  }
  return { ...source, packages };
}

/** The elements of a source's metadata; none if it has no such file. */
export async function* readSource(
  { repository, files }: ViewSource,
  type: keyof typeof SPLITS,
  signal: AbortSignal,
): AsyncIterable<string> {
  const file = files.get(type);
  if (!file) return;
  const { location } = file.announced;
  const elements: MetadataElements = {
    ...SPLITS[type],
    path: file.path,
    format: formatOf(location),
    thing: below(repository.baseUrl, location),
    signal,
  };
  yield* readElements(elements);
}

/** Where a source's metadata lies while a view is made of several. */
export function sourceDirectory(scratch: string, index: number): string {
  return join(scratch, `source-${index}`);
}
