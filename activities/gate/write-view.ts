import { createReadStream } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { parseAdvisory } from '../../rpm/advisory.ts';
import { nameOfPart } from '../../rpm/hide-kernels.ts';
import { relocatePackage } from '../../rpm/package-entry.ts';
import type { RepomdFile } from '../../rpm/repomd.ts';
import { decompress, formatOf } from '../decompress.ts';
import { readSource, type ViewSource } from './list-sources.ts';
import { SPLITS } from './read-elements.ts';
import { writeMetadata } from './write-elements.ts';

/** One source of a view: which of its packages are listed, and where clients find them. */
export interface ListedSource {
  readonly source: ViewSource;
  /** Checksums of the packages that are listed. */
  readonly listed: ReadonlySet<string>;
  /** NEVRAs of those that are not. */
  readonly hidden: ReadonlySet<string>;
  /** See {@link relocatePackage}; absent where they lie as the source names them. */
  readonly place?: { readonly base: string } | { readonly folder: string };
  /** Where its packages lie on this disk; absent of sources that lie elsewhere. */
  readonly lies?: { readonly path: string };
}

/** Where a view is written. */
export interface ViewTarget {
  readonly directory: string;
  readonly signal: AbortSignal;
}

const COMMON = 'http://linux.duke.edu/metadata/common';
const FILELISTS = 'http://linux.duke.edu/metadata/filelists';
const OTHER = 'http://linux.duke.edu/metadata/other';
const RPM = 'http://linux.duke.edu/metadata/rpm';
const HEADS = {
  primary: `<metadata xmlns="${COMMON}" xmlns:rpm="${RPM}"`,
  filelists: `<filelists xmlns="${FILELISTS}"`,
  other: `<otherdata xmlns="${OTHER}"`,
} as const;
const PACKAGE_ID = /^<package\s+(?:[^<>]*\s)?pkgid=["']([0-9a-f]{8,128})["']/;
const MAX_MODULES_BYTES = 256 * 1024 * 1024;

/**
 * Writes the metadata of a view: the listed packages of all sources in one repository, each described with the
 * text that its source has for it. Advisories that name a hidden package are left out.
 *
 * @returns What `repomd.xml` is to name.
 * @throws {ContentInvalidError} If the metadata of a source do not fit each other.
 */
export async function writeViewMetadata(
  sources: readonly ListedSource[],
  target: ViewTarget,
): Promise<readonly RepomdFile[]> {
  const files: RepomdFile[] = [];
  for (const type of ['primary', 'filelists', 'other'] as const) {
    files.push(await writePackages(sources, type, target));
  }
  return [
    ...files,
    ...(await writeAdvisories(sources, target)),
    ...(await writeModules(sources, target)),
    ...(await copyGroups(sources, target)),
  ];
}

type PackageFile = keyof typeof HEADS;

async function writePackages(
  sources: readonly ListedSource[],
  type: PackageFile,
  { directory, signal }: ViewTarget,
): Promise<RepomdFile> {
  const count = sources.reduce((sum, { listed }) => sum + listed.size, 0);
  async function* write(): AsyncIterable<string> {
    yield `<?xml version="1.0" encoding="UTF-8"?>\n${HEADS[type]} packages="${count}">\n`;
    for (const source of sources) yield* copyPackages(source, type, signal);
    yield `</${SPLITS[type].root}>\n`;
  }
  return await writeMetadata(write(), { directory, type, name: SPLITS[type].file, signal });
}

async function* copyPackages(
  { source, listed, place }: ListedSource,
  type: PackageFile,
  signal: AbortSignal,
): AsyncIterable<string> {
  const rest = new Set(listed);
  let index = 0;
  for await (const text of readSource(source, type, signal)) {
    // The packages of primary metadata were read a moment ago, in this order.
    const id = type === 'primary' ? source.packages[index]?.checksum.value : findId(text);
    index += 1;
    if (id === undefined || !rest.delete(id)) continue;
    yield type === 'primary' && place ? relocatePackage(text, place) : text;
    yield '\n';
  }
  if (rest.size === 0) return;
  const detail = `expected ${listed.size} of its packages in ${SPLITS[type].file}, found ${rest.size} fewer`;
  throw new ContentInvalidError(source.repository.baseUrl, detail);
}

function findId(text: string): string | undefined {
  return PACKAGE_ID.exec(text)?.[1];
}

async function writeAdvisories(
  sources: readonly ListedSource[],
  { directory, signal }: ViewTarget,
): Promise<readonly RepomdFile[]> {
  if (sources.every(({ source }) => !source.files.has('updateinfo'))) return [];
  async function* write(): AsyncIterable<string> {
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<updates>\n';
    for (const { source, hidden } of sources) {
      for await (const text of readSource(source, 'updateinfo', signal)) {
        const { packages } = parseAdvisory(text);
        if (!packages.some((part) => hidden.has(nameOfPart(part)))) yield `${text}\n`;
      }
    }
    yield '</updates>\n';
  }
  const { file } = SPLITS.updateinfo;
  return [await writeMetadata(write(), { directory, type: 'updateinfo', name: file, signal })];
}

/** Documents of YAML one after the other are what a file of modules is anyway. */
async function writeModules(
  sources: readonly ListedSource[],
  { directory, signal }: ViewTarget,
): Promise<readonly RepomdFile[]> {
  const files = sources.flatMap(({ source }) => source.files.get('modules') ?? []);
  if (files.length === 0) return [];
  async function* write(): AsyncIterable<string> {
    for (const { path, announced } of files) {
      const content = decompress(formatOf(announced.location), createReadStream(path), {
        maxBytes: MAX_MODULES_BYTES,
        signal,
      });
      const decoder = new TextDecoder('utf-8', { fatal: true });
      for await (const chunk of content) yield decoder.decode(chunk, { stream: true });
      yield `${decoder.decode()}\n`;
    }
  }
  return [
    await writeMetadata(write(), { directory, type: 'modules', name: 'modules.yaml', signal }),
  ];
}

/** Groups are taken as they are, of the first source that has any, as mergerepo_c does. */
async function copyGroups(
  sources: readonly ListedSource[],
  { directory }: ViewTarget,
): Promise<readonly RepomdFile[]> {
  for (const { source } of sources) {
    const groups = [...source.files.values()].filter(({ announced }) =>
      announced.type.startsWith('group'),
    );
    for (const { path, announced } of groups) {
      const name = announced.location.split('/').at(-1) ?? '';
      await copyFile(path, join(directory, `${announced.checksum.value}-${name}`));
    }
    if (groups.length === 0) continue;
    return groups.map(({ announced }) => {
      const name = announced.location.split('/').at(-1) ?? '';
      return { ...announced, location: `repodata/${announced.checksum.value}-${name}` };
    });
  }
  return [];
}
