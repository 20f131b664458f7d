import { basename } from 'node:path';
import { ContentInvalidError, NotFoundError } from '../model/activity-errors.ts';
import type { GitSource, Kmod, RepositorySource } from '../model/kmod.ts';
import type { Sha256Hex } from '../model/store.ts';
import { isMissing } from './atomic-file.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { choosePin, type Freshness } from './sources/choose-pin.ts';
import { toReadSource } from './sources/dkms-source.ts';
import { downloadSource } from './sources/download-source.ts';
import { findNewestPackage } from './sources/find-newest-package.ts';
import { resolveCommit } from './sources/git-repository.ts';
import { openGitTree } from './sources/git-tree.ts';
import { type KmodInput, type ReadSource, toKmodInput } from './sources/kmod-input.ts';
import { openArchive } from './sources/open-archive.ts';
import { openDkmsTree } from './sources/open-dkms-tree.ts';
import { readSourceRpm } from './sources/read-source-rpm.ts';
import { readSourceTree } from './sources/read-source-tree.ts';
import { readSpecFolder } from './sources/read-spec-folder.ts';
import { openSourcePins, type SourcePin } from './sources/source-pins.ts';

export type { KmodInput } from './sources/kmod-input.ts';

export interface KmodReaderDeps {
  readonly data: DataDirectory;
  readonly store: ContentStore;
  readonly now: () => Date;
  /** Takes a sentence for people, e.g. that a server is down and an older source is used. */
  readonly report: (sentence: string) => void;
  /** For readers that do not say. @default {'newest'} */
  readonly freshness?: Freshness;
}

/** What is wanted of a kmod's source. */
export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Of a source that lies elsewhere. @default {that of the reader} */
  readonly freshness?: Freshness;
  /** The source that was planned, if it is still known what it was made of. */
  readonly planned?: Sha256Hex;
}

/**
 * Reads kmods' sources as the inventory names them.
 *
 * @throws {NotFoundError} If files, branches or packages are missing.
 * @throws {ContentInvalidError} If a source holds no or several specs, or no dialect is known.
 * @throws {StreamUnreachableError} If a server cannot be reached and nothing is known from before.
 */
export type KmodReader = (kmod: Kmod, options: ReadOptions) => Promise<KmodInput>;

/** Opens the one reader for all kinds of sources. */
export function openKmodReader(deps: KmodReaderDeps): KmodReader {
  const { data, store } = deps;
  const pins = openSourcePins(data);

  async function read(kmod: Kmod, options: ReadOptions): Promise<ReadSource> {
    const { source } = kmod;
    const { signal } = options;
    switch (source.kind) {
      case 'spec':
        return await readSpecFolder(source);
      case 'srpm':
        return await readSourceRpm(source.path, signal);
      case 'dkms': {
        const { tree, details } = await openDkmsTree(source.path, signal);
        return await toReadSource(tree, details, signal);
      }
      case 'download': {
        const file = await downloadSource(source, { store, signal });
        return await readDownload(await store.require(file), fileNameOf(source.url), signal);
      }
      default:
        return await readPinned(kmod, source, options);
    }
  }

  /** What a name stands for is looked up, then that very thing is read. */
  async function readPinned(
    kmod: Kmod,
    source: GitSource | RepositorySource,
    options: ReadOptions,
  ): Promise<ReadSource> {
    const { signal } = options;
    const pin = await choosePin(kmod, {
      ...{ freshness: deps.freshness ?? 'newest', ...options },
      pins,
      now: deps.now,
      report: deps.report,
      look: (validators) =>
        source.kind === 'git'
          ? lookAtGit(source, signal)
          : findNewestPackage(source, { data, store, validators, signal }),
    });
    const found = await open(source, pin, signal);
    await pins.noteSource(kmod, found.sourceDigest, pin);
    return found;
  }

  async function open(
    source: GitSource | RepositorySource,
    pin: SourcePin,
    signal: AbortSignal,
  ): Promise<ReadSource> {
    if (pin.kind === 'file') return await readSourceRpm(await store.require(pin.file), signal);
    if (source.kind !== 'git') throw new Error('BUG: a package is pinned to a commit');
    const { commit } = pin;
    const { hasSubmodules } = source;
    const options = { cache: data.cache, commit, hasSubmodules, signal };
    return await readSourceTree(await openGitTree(source.url, options), { ...source, signal });
  }

  return async (kmod, options) => {
    try {
      return toKmodInput(kmod, await read(kmod, options));
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new NotFoundError('read the source of', kmod.name, `${error}`);
    }
  };
}

async function lookAtGit({ url, ref }: GitSource, signal: AbortSignal) {
  const commit = await resolveCommit(url, ref, signal);
  return { kind: 'found', pin: { kind: 'commit', commit } } as const;
}

/** A source package, or an archive that the spec inside of it may name as its source. */
async function readDownload(
  path: string,
  fileName: string,
  signal: AbortSignal,
): Promise<ReadSource> {
  const { kind, tree } = await openArchive(path);
  if (kind === 'rpm') return await readSourceRpm(path, signal);
  if (kind === 'deb') return await toReadSource(tree, {}, signal);
  return await readSourceTree(tree, { container: { path, fileName }, signal });
}

function fileNameOf(url: string): string {
  const name = basename(new URL(url).pathname);
  if (/^[A-Za-z0-9][A-Za-z0-9._+~^-]*$/.test(name)) return name;
  throw new ContentInvalidError(url, 'expected a URL that ends with a file name');
}
