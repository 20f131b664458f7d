import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ContentMismatchError,
  NotFoundError,
  StateDamagedError,
} from '../../model/activity-errors.ts';
import type { Kernel, RepositoryPackage } from '../../model/kernel.ts';
import type { Settings, Stream } from '../../model/settings.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { findKernelOffers, namesOfFamily } from '../../rpm/kernels.ts';
import type { DataDirectory } from '../data-directory.ts';
import { fetchUrl } from '../fetch-url.ts';
import { listUpstreams, tryMirrors } from '../mirrors.ts';
import { createOneAtATime } from '../one-at-a-time.ts';
import { readUpstream } from '../read-upstream.ts';
import { requireNamed } from '../require-named.ts';
import { withScratch } from '../scratch.ts';
import { type KeyDatabase, makeKeyDatabase, verifyRpm } from '../verify-signature.ts';
import { writeVerified } from '../write-verified.ts';
import { makeModuleArchive } from './make-module-archive.ts';
import { type ModuleArchive, openModuleArchive } from './module-archive.ts';

/** What is needed to get archives. */
export interface KernelArchiveDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly now: () => Date;
}

/** Gives the archive of a kernel, made when it is first asked for. */
export type KernelArchives = (kernel: Kernel, signal: AbortSignal) => Promise<ModuleArchive>;

/** An archive takes 100 to 250 MB; what is tested are the newest kernels. */
const KEPT_ARCHIVES = 4;
/** Nobody uses an archive for so long: one that was opened since stays, however many there are. */
const IN_USE_MS = 2 * 60 * 60_000;
const MAX_PACKAGE_BYTES = 2 * 1024 ** 3;

/** By directory; shared by activities of before and after a reload. */
const oneAtATime = createOneAtATime();

/**
 * Opens the archives below the data directory's cache.
 *
 * A kernel's packages are fetched from where the watch found them; of kernels that were recorded before rekmod
 * remembered that, the stream is asked again. They are verified as kernel-devel is: size, checksum, and
 * signature where the stream wants it.
 */
export function openKernelArchives(deps: KernelArchiveDeps): KernelArchives {
  return (kernel, signal) => {
    const directory = join(archivesOf(deps.data), kernel.stream, kernel.release);
    return oneAtATime(directory, async () => {
      const known = await openIfMade(directory);
      if (known === undefined) await make(kernel, directory, { deps, signal });
      const archive = known ?? (await openModuleArchive(directory));
      const now = deps.now();
      await utimes(directory, now, now);
      await removeOld(archivesOf(deps.data), now);
      return archive;
    });
  };
}

function archivesOf(data: DataDirectory): string {
  return join(data.cache, 'module-archives');
}

/** What is damaged or of another version is made anew. */
async function openIfMade(directory: string): Promise<ModuleArchive | undefined> {
  try {
    return await openModuleArchive(directory);
  } catch (error) {
    if (error instanceof StateDamagedError) return undefined;
    throw error;
  }
}

interface Work {
  readonly deps: KernelArchiveDeps;
  readonly signal: AbortSignal;
}

async function make(kernel: Kernel, directory: string, work: Work): Promise<void> {
  const { settings, data } = work.deps;
  const stream = requireNamed(settings.streams, 'test modules on', 'stream', kernel.stream);
  const packages = kernel.image?.packages ?? (await findPackages(kernel, stream, work));
  await withScratch(data, 'kernel-image', async (scratch) => {
    const keys = stream.trust.gpgCheck ? await openKeys(join(scratch, 'keys'), stream) : undefined;
    const rpms: string[] = [];
    for (const [at, found] of packages.entries()) {
      const path = join(scratch, `${at}-${toFileName(found.name)}.rpm`);
      await fetchPackage(found, path, { keys, signal: work.signal });
      rpms.push(path);
    }
    await makeModuleArchive(directory, { release: kernel.release, rpms, signal: work.signal });
  });
}

/** Names come from metadata. */
function toFileName(name: string): string {
  return name.replace(/[^\w.+-]/g, '_').slice(0, 100);
}

async function openKeys(directory: string, stream: Stream): Promise<KeyDatabase> {
  await mkdir(directory);
  return await makeKeyDatabase(directory, stream.trust.gpgKeys);
}

interface PackageCheck {
  readonly keys: KeyDatabase | undefined;
  readonly signal: AbortSignal;
}

async function fetchPackage(
  found: RepositoryPackage,
  path: string,
  check: PackageCheck,
): Promise<void> {
  const { location, otherLocations = [] } = found;
  await tryMirrors(location, [location, ...otherLocations], {
    async use(url) {
      await rm(path, { force: true });
      await fetchFrom(url, path, { ...check, ...found });
    },
    signal: check.signal,
  });
}

async function fetchFrom(
  url: string,
  path: string,
  { keys, signal, checksum, sizeBytes }: PackageCheck & RepositoryPackage,
): Promise<void> {
  const fetched = await fetchUrl(url, { signal });
  if (fetched.kind !== 'content') {
    const detail =
      'expected the package with the kernel image, found none; mirrors delete old kernels';
    throw new ContentMismatchError(url, detail);
  }
  await writeVerified(path, fetched.body, {
    url,
    checksum,
    sizeBytes,
    maxBytes: MAX_PACKAGE_BYTES,
  });
  if (keys) await verifyRpm(url, path, { keys, signal });
}

/** @throws {NotFoundError} If the stream does not offer the kernel any more. */
async function findPackages(
  kernel: Kernel,
  stream: Stream,
  { deps, signal }: Work,
): Promise<readonly RepositoryPackage[]> {
  const { arch, family, trust } = stream;
  const names = namesOfFamily(family);
  await mkdir(deps.data.scratch, { recursive: true });
  const packages: RepositoryPackage[] = [];
  for (const upstream of listUpstreams(stream)) {
    const { content } = await readUpstream(upstream, {
      ...{ trust, signal, seen: {}, scratch: deps.data.scratch, now: deps.now },
      isWanted: (name, found) => found === arch && names.has(name),
    });
    if (content.kind === 'read') packages.push(...content.packages);
  }
  const offers = findKernelOffers(packages, { stream: stream.name, arch, family });
  const offer = offers.find(
    ({ evr, flavour }) => flavour === kernel.flavour && formatEvr(evr) === formatEvr(kernel.evr),
  );
  if (offer) return [offer.core, ...(offer.modules ?? [])];
  const detail = `expected stream "${stream.name}" to offer its package with the kernel image, found that it does not any more`;
  throw new NotFoundError('test modules on kernel', kernel.release, detail);
}

/** Keeps the newest by use; a half-made one of a worker that was killed goes with the old. */
async function removeOld(root: string, now: Date): Promise<void> {
  const archives: { readonly path: string; readonly usedAt: number }[] = [];
  for (const stream of await readdir(root)) {
    for (const release of await readdir(join(root, stream))) {
      const path = join(root, stream, release);
      archives.push({ path, usedAt: (await stat(path)).mtimeMs });
    }
  }
  archives.sort((a, b) => b.usedAt - a.usedAt);
  const made = archives.filter(({ path }) => !path.endsWith('.tmp'));
  const kept = new Set(made.slice(0, KEPT_ARCHIVES));
  const unused = archives.filter((archive) => !kept.has(archive));
  for (const { path } of unused.filter(({ usedAt }) => now.getTime() - usedAt > IN_USE_MS)) {
    await rm(path, { recursive: true, force: true });
  }
}
