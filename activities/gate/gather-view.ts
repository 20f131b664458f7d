import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ContentMismatchError } from '../../model/activity-errors.ts';
import type { GateSettings } from '../../model/gate.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Settings, Stream } from '../../model/settings.ts';
import type { ListedPackage } from '../../model/snapshot.ts';
import type { Sha256Hex } from '../../model/store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { listUpstreams } from '../mirrors.ts';
import type { Records } from '../records.ts';
import type { MetadataKey } from '../signing-key.ts';
import { pathOfSnapshot, readCurrentSnapshot } from '../snapshot/snapshot-place.ts';
import { readSnapshotContent } from '../snapshot/snapshot-records.ts';
import { type OpenRepository, openRepository, openUpstream } from './fetch-metadata.ts';
import { listKmodPackages } from './list-kmod-packages.ts';
import { openSource, sourceDirectory, type ViewSource } from './list-sources.ts';

/** A stream that has a gate. */
export type GatedStream = Stream & { readonly gate: GateSettings };

/** Everything that a view is made from. */
export interface ViewContent {
  readonly upstream: readonly OpenRepository[];
  /** Those that are listed, oldest first. */
  readonly kernels: readonly Kernel[];
  /** The repository of the kmods at one snapshot, and what is listed of it; absent before its first. */
  readonly published?: {
    readonly path: string;
    readonly repository: OpenRepository;
    readonly packages: readonly ListedPackage[];
  };
}

interface GatherDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Records;
  readonly key: MetadataKey;
}

/**
 * Gathers what a view is to list.
 *
 * A kernel that was not listed `before`, is gone upstream and has lost its packages is left out.
 *
 * @throws {ContentMismatchError} If packages for another kernel that was not listed `before` are not served: it must
 *   not be seen without them. Packages that vanish later (a rollback) take no kernel away.
 */
export async function gatherView(
  request: {
    readonly stream: GatedStream;
    readonly releases: readonly string[];
    readonly before: readonly string[];
    readonly signal: AbortSignal;
  },
  { settings, data, records, key }: GatherDeps,
): Promise<ViewContent> {
  const { stream, signal } = request;
  const upstream: OpenRepository[] = [];
  const { scratch } = data;
  for (const one of listUpstreams(stream)) {
    upstream.push(await openUpstream(one, { trust: stream.trust, scratch, signal }));
  }
  const known = await records.listKernels(stream.name);
  const released = known.filter(({ release }) => request.releases.includes(release));
  const kmods = settings.kmods.filter(({ streams }) => streams.includes(stream.name));
  const directory = join(data.repositories, stream.repository);
  const snapshot = await readCurrentSnapshot(directory);
  const path = snapshot === undefined ? undefined : pathOfSnapshot(directory, snapshot);
  const served = path === undefined ? [] : (await readSnapshotContent(path)).packages;
  const fresh = released.filter(({ release }) => !request.before.includes(release));
  const lapsed = await findLapsed(stream, fresh, { kmods, records, served });
  const kernels = released.filter((kernel) => !lapsed.includes(kernel));
  const expected = fresh.filter((kernel) => !lapsed.includes(kernel));
  requireServed(stream, await listKmodPackages(expected, kmods, records), served);
  if (path === undefined) return { upstream, kernels };
  const wanted = await listKmodPackages(kernels, kmods, records);
  const packages = served.filter(({ fileName }) => wanted.has(fileName));
  const trust = { gpgKeys: [key.publicKeyFile], repoGpgCheck: true, gpgCheck: true };
  const repository = await openRepository(pathToFileURL(path).href, {
    ...{ trust, scratch, signal },
  });
  return { upstream, kernels, published: { path, repository, packages } };
}

/**
 * Finds kernels that upstream took away before they were listed once, and whose packages the repository let go
 * since: nobody can be shown them, and they must not hold up the others for ever.
 */
async function findLapsed(
  { name }: GatedStream,
  kernels: readonly Kernel[],
  {
    kmods,
    records,
    served,
  }: {
    readonly kmods: readonly Kmod[];
    readonly records: Records;
    readonly served: readonly ListedPackage[];
  },
): Promise<readonly Kernel[]> {
  const gone = (await records.readStream(name))?.goneSince ?? {};
  const names = new Set(served.map(({ fileName }) => fileName));
  const lapsed: Kernel[] = [];
  for (const kernel of kernels.filter(({ release }) => release in gone)) {
    const wanted = await listKmodPackages([kernel], kmods, records);
    if ([...wanted.keys()].some((fileName) => !names.has(fileName))) lapsed.push(kernel);
  }
  return lapsed;
}

function requireServed(
  { repository }: GatedStream,
  wanted: ReadonlyMap<string, unknown>,
  served: readonly ListedPackage[],
): void {
  const names = new Set(served.map(({ fileName }) => fileName));
  const missing = [...wanted.keys()].filter((fileName) => !names.has(fileName));
  if (missing.length === 0) return;
  const detail = `expected it to serve ${missing.join(', ')}, found no such packages`;
  throw new ContentMismatchError(repository, detail);
}

/**
 * Digest of everything that a view depends on: the same gives the same view.
 *
 * @param keyText The public keys that clients get.
 */
export function digestContent(
  { upstream, kernels, published }: ViewContent,
  { gate, family, arch, trust }: GatedStream,
  keyText: string,
): Sha256Hex {
  const packages = (published?.packages ?? []).map(({ sha256 }) => sha256).sort();
  const text = JSON.stringify([
    'view-1',
    upstream.map(({ baseUrl, digest }) => [baseUrl, digest]),
    kernels.map(({ release, flavour, evr, devel }) => [release, flavour, evr, devel.nevra]),
    packages,
    ...[gate.packages, family, arch, trust, keyText],
  ]);
  return createHash('sha256').update(text).digest('hex');
}

/** The repositories of a view with their metadata on this disk. */
export interface ViewSources {
  /** In the stream's order. */
  readonly upstream: readonly ViewSource[];
  readonly kmods?: ViewSource;
}

/** Downloads the metadata that a view is made from. */
export async function openSources(
  { upstream, published }: ViewContent,
  { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal },
): Promise<ViewSources> {
  const opened: ViewSource[] = [];
  for (const [index, repository] of upstream.entries()) {
    const directory = sourceDirectory(scratch, index);
    opened.push(await openSource(repository, { directory, signal }));
  }
  if (!published) return { upstream: opened };
  const directory = sourceDirectory(scratch, opened.length);
  const kmods = await openSource(published.repository, { directory, signal });
  return { upstream: opened, kmods };
}
