import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { Kernel, KernelOffer } from '../model/kernel.ts';
import type { Settings, Stream } from '../model/settings.ts';
import type { Sha256Hex } from '../model/store.ts';
import { formatEvr } from '../rpm/evr.ts';
import { findKernelOffers, namesOfFamily } from '../rpm/kernels.ts';
import { newestKernels } from '../rpm/newest-kernels.ts';
import type { DataDirectory } from './data-directory.ts';
import type { Validators } from './fetch-url.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { Records } from './records.ts';
import { type RepositoryContent, readRepository } from './repository-metadata.ts';
import { requireNamed } from './require-named.ts';

/** A kernel of a stream that is in the store. */
export type StoredKernel = Pick<Kernel, 'release' | 'arch'>;

/** What a look found. */
export interface StreamLook {
  /** One sentence, e.g. `2 kernels are new, 1 waits for its kernel-devel`. */
  readonly message: string;
  readonly isChanged: boolean;
  /** Kernels that are not in the store yet, oldest first; their kernel-devel is there. */
  readonly newKernels: readonly KernelOffer[];
  /** Kernels in the store whose rollout has not come to its end, oldest first. */
  readonly unfinished: readonly StoredKernel[];
  /** To be given to {@link WatchActivities.acknowledgeLook} once the kernels are handed on. */
  readonly validators: Readonly<Record<string, Validators>>;
}

export interface WatchDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Records;
  readonly now: () => Date;
  /** Called when something that the status page shows has changed. */
  readonly onChange: () => void;
}

/** See {@link watchActivities}. */
export type WatchActivities = ReturnType<typeof watchActivities>;

/** Activities of the first station: what does a stream offer that rekmod does not know? */
export function watchActivities(deps: WatchDeps) {
  const { records } = deps;

  /**
   * Looks at a stream's repositories. Nothing is remembered of a look that found something until
   * {@link acknowledgeLook}: a crash in between looks again.
   */
  async function lookAtStream({ stream: name }: { readonly stream: string }): Promise<StreamLook> {
    const stream = requireNamed(deps.settings.streams, 'look at', 'stream', name);
    try {
      const look = await withHeartbeat((signal) => lookAt(stream, deps, signal));
      const { waitingForDevel: waiting, offered, ...result } = look;
      await remember(name, { isOk: true, message: look.message, waiting, offered });
      return result;
    } catch (error) {
      await remember(name, { isOk: false, message: describeError(error) });
      throw error;
    }
  }

  /** Remembers that everything of a look was handed on, so that the next one may be conditional. */
  async function acknowledgeLook(input: {
    readonly stream: string;
    readonly validators: Readonly<Record<string, Validators>>;
  }): Promise<void> {
    const stream = requireNamed(deps.settings.streams, 'look at', 'stream', input.stream);
    const record = await records.readStream(stream.name);
    if (!record) return;
    const { validators } = input;
    const settingsDigest = digestSettings(stream);
    await records.writeStream(stream.name, { ...record, validators, settingsDigest });
  }

  async function remember(name: string, look: RememberedLook): Promise<void> {
    const before = await records.readStream(name);
    const lookedAt = deps.now().toISOString();
    const lastGoodAt = look.isOk ? lookedAt : before?.lastGoodAt;
    const goneSince = look.offered
      ? await findGone(name, look.offered, { before: before?.goneSince, records, lookedAt })
      : before?.goneSince;
    await records.writeStream(name, {
      lookedAt,
      isOk: look.isOk,
      message: look.message,
      ...(lastGoodAt === undefined ? {} : { lastGoodAt }),
      validators: before?.validators ?? {},
      ...(before?.settingsDigest === undefined ? {} : { settingsDigest: before.settingsDigest }),
      waitingForDevel: look.waiting ?? before?.waitingForDevel ?? [],
      ...(goneSince === undefined ? {} : { goneSince }),
    });
    deps.onChange();
  }

  return { lookAtStream, acknowledgeLook };
}

interface RememberedLook {
  readonly isOk: boolean;
  readonly message: string;
  readonly waiting?: readonly string[] | undefined;
  /** Every kernel of a look that has read everything; see {@link nameKernel}. */
  readonly offered?: ReadonlySet<string> | undefined;
}

/** What is remembered of a look, and of no use to its workflow. */
interface OwnLook extends StreamLook {
  readonly waitingForDevel?: readonly string[];
  readonly offered?: ReadonlySet<string>;
}

async function lookAt(stream: Stream, deps: WatchDeps, signal: AbortSignal): Promise<OwnLook> {
  const record = await deps.records.readStream(stream.name);
  const isSameStream = record?.settingsDigest === digestSettings(stream);
  const before = isSameStream ? record.validators : {};
  const contents = await readAll(stream, before, { deps, signal });
  const unfinished = await findUnfinished(stream, deps);
  if (!contents) {
    const rest =
      unfinished.length === 0
        ? ''
        : `; not finished: ${unfinished.map(({ release }) => release).join(', ')}`;
    const message = `Nothing has changed${rest}`;
    return { message, isChanged: false, newKernels: [], unfinished, validators: before };
  }
  const offers = findKernelOffers(
    [...contents.values()].flatMap((content) => content.packages),
    { stream: stream.name, arch: stream.arch, family: stream.family },
  );
  const ready = newestKernels(
    offers.filter((offer) => offer.devel !== undefined),
    stream.keepKernels,
  );
  const waitingForDevel = offers
    .filter((offer) => offer.devel === undefined)
    .map((offer) => formatEvr(offer.evr));
  const newKernels = await keepUnknown(stream.name, ready, deps.records);
  const validators = Object.fromEntries(
    [...contents].map(([url, content]) => [url, content.validators]),
  );
  const message = describeLook({ ready: ready.length, fresh: newKernels.length, waitingForDevel });
  const offered = new Set(offers.map(nameKernel));
  return { message, isChanged: true, newKernels, unfinished, validators, waitingForDevel, offered };
}

/** Since when which of the known kernels are not offered; one that is offered again is not gone. */
async function findGone(
  stream: string,
  offered: ReadonlySet<string>,
  { before = {}, records, lookedAt }: GoneContext,
): Promise<Readonly<Record<string, string>>> {
  const kernels = await records.listKernels(stream);
  const gone = kernels.filter((kernel) => !offered.has(nameKernel(kernel)));
  return Object.fromEntries(gone.map(({ release }) => [release, before[release] ?? lookedAt]));
}

interface GoneContext {
  readonly before: Readonly<Record<string, string>> | undefined;
  readonly records: Records;
  readonly lookedAt: string;
}

/** What a look depends on besides the repositories; when it changes, an unchanged mirror says nothing. */
function digestSettings({ urls, arch, family, trust, keepKernels }: Stream): Sha256Hex {
  const text = JSON.stringify([urls, arch, family, trust, keepKernels]);
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Finds kernels in the store that are not done with: their rollout was never ended, or before some
 * kmod was configured. One that runs just now is among them; starting it again does nothing.
 */
async function findUnfinished(
  { name, keepKernels }: Stream,
  { settings, records }: WatchDeps,
): Promise<readonly StoredKernel[]> {
  const kmods = settings.kmods.filter(({ streams }) => streams.includes(name));
  const unfinished: StoredKernel[] = [];
  const kept = newestKernels(await records.listKernels(name), keepKernels);
  for (const { release, arch } of kept) {
    const rollout = await records.readRollout({ stream: name, release });
    if (!kmods.every((kmod) => rollout?.kmods.includes(kmod.name))) {
      unfinished.push({ release, arch });
    }
  }
  return unfinished;
}

type ReadContent = Extract<RepositoryContent, { kind: 'read' }>;

/** @returns undefined when no repository has changed; all of them, read anew, otherwise. */
async function readAll(
  stream: Stream,
  before: Readonly<Record<string, Validators>>,
  { deps, signal }: { readonly deps: WatchDeps; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, ReadContent> | undefined> {
  const names = namesOfFamily(stream.family);
  const scratch = deps.data.scratch;
  await mkdir(scratch, { recursive: true });
  const read = (baseUrl: string, validators: Validators): Promise<RepositoryContent> =>
    readRepository({
      baseUrl,
      validators,
      trust: stream.trust,
      scratch,
      signal,
      isWanted: (name, arch) => arch === stream.arch && names.has(name),
    });
  const contents = new Map<string, ReadContent>();
  const unchanged: string[] = [];
  for (const url of stream.urls) {
    const content = await read(url, before[url] ?? {});
    if (content.kind === 'read') contents.set(url, content);
    else unchanged.push(url);
  }
  if (contents.size === 0) return undefined;
  for (const url of unchanged) {
    const content = await read(url, {});
    if (content.kind === 'read') contents.set(url, content);
  }
  return contents;
}

async function keepUnknown(
  stream: string,
  offers: readonly KernelOffer[],
  records: Records,
): Promise<readonly KernelOffer[]> {
  const known = (await records.listKernels(stream)).map(nameKernel);
  return offers.filter((offer) => !known.includes(nameKernel(offer)));
}

function nameKernel({ flavour, evr }: Pick<KernelOffer, 'flavour' | 'evr'>): string {
  return `${flavour} ${formatEvr(evr)}`;
}

function describeLook(found: {
  readonly ready: number;
  readonly fresh: number;
  readonly waitingForDevel: readonly string[];
}): string {
  const fresh = found.fresh === 0 ? 'none is new' : `${found.fresh} new`;
  const waiting = found.waitingForDevel.length;
  const lag =
    waiting === 0 ? '' : `; waiting for kernel-devel of ${found.waitingForDevel.join(', ')}`;
  return `${found.ready} kernels are offered, ${fresh}${lag}`;
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
