import { StreamUnreachableError } from '../model/activity-errors.ts';
import { RekmodError } from '../model/errors.ts';
import type { Checksum } from '../model/kernel.ts';
import type { Mirrors, Stream } from '../model/settings.ts';
import type { Validators } from '../model/stream-watch.ts';
import { type Metalink, parseMetalink } from '../rpm/metalink.ts';
import { parseMirrorList } from '../rpm/mirror-list.ts';
import { fetchUrl, readBounded } from './fetch-url.ts';
import { createTextDecoder } from './primary-file.ts';

/** One repository of a stream, and where it may be got. */
export interface Upstream {
  /** As the stream's configuration has it. */
  readonly url: string;
  readonly mirrors?: Mirrors;
}

/** Base URLs of the same repository, in the order in which they are tried. */
export interface MirrorChoice {
  readonly baseUrls: readonly string[];
  /** What a metalink promises of `repomd.xml`; nothing is when absent. */
  readonly promised?: readonly Checksum[];
}

/** A mirror that could not be used, and why. */
export interface MirrorFault {
  readonly baseUrl: string;
  readonly reason: string;
}

/** A list of mirrors as it is now. */
export type MirrorListing =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'list';
      readonly choice: MirrorChoice;
      readonly validators: Validators;
      /** What a metalink says that `repomd.xml` is now. */
      readonly current?: readonly Checksum[];
    };

/** How many mirrors are tried at most: when so many fail, the fault is rarely theirs. */
const TRY_LIMIT = 5;
const MAX_LIST_BYTES = 1024 * 1024;

/** The repositories of a stream. */
export function listUpstreams({ urls, mirrors = {} }: Stream): readonly Upstream[] {
  return urls.map((url) => {
    const own = mirrors[url];
    return { url, ...(own === undefined ? {} : { mirrors: own }) };
  });
}

/**
 * Finds where a repository is now; a list is read from its server.
 *
 * @throws {StreamUnreachableError} If it cannot be had.
 * @throws {RepodataParseError} If it is none.
 */
export async function chooseMirrors(
  { url, mirrors }: Upstream,
  signal: AbortSignal,
): Promise<MirrorChoice> {
  if (mirrors === undefined) return { baseUrls: [url] };
  if (mirrors.kind === 'mirrors') return { baseUrls: mirrors.baseUrls };
  const listing = await readMirrorList(url, mirrors.kind, { validators: {}, signal });
  if (listing.kind === 'list') return listing.choice;
  throw new StreamUnreachableError(url, 'expected a list of mirrors, found "unchanged" unasked');
}

/** Reads a list of mirrors, conditionally when validators are given; see {@link chooseMirrors}. */
export async function readMirrorList(
  url: string,
  kind: 'mirrorlist' | 'metalink',
  { validators, signal }: { readonly validators: Validators; readonly signal: AbortSignal },
): Promise<MirrorListing> {
  const fetched = await fetchUrl(url, { validators, signal });
  if (fetched.kind === 'unchanged') return fetched;
  if (fetched.kind === 'missing') {
    throw new StreamUnreachableError(url, 'expected a list of mirrors, found no such file');
  }
  const bytes = await readBounded(url, fetched.body, MAX_LIST_BYTES);
  const text = createTextDecoder(url)(bytes);
  const list = { kind: 'list', validators: fetched.validators } as const;
  if (kind === 'mirrorlist') return { ...list, choice: { baseUrls: parseMirrorList(text) } };
  const metalink = parseMetalink(text);
  return { ...list, choice: toChoice(metalink), current: metalink.current };
}

function toChoice({ baseUrls, current, alternates }: Metalink): MirrorChoice {
  return { baseUrls, promised: [...current, ...alternates] };
}

/**
 * Tries mirrors one after the other until one serves.
 *
 * @returns What it gave, and those before it that failed.
 * @throws {StreamUnreachableError} If all of several failed; of one alone its own error is thrown.
 */
export async function tryMirrors<T>(
  url: string,
  baseUrls: readonly string[],
  { use, signal }: { readonly use: (baseUrl: string) => Promise<T>; readonly signal: AbortSignal },
): Promise<{
  readonly value: T;
  readonly baseUrl: string;
  readonly faults: readonly MirrorFault[];
}> {
  const faults: MirrorFault[] = [];
  for (const baseUrl of baseUrls.slice(0, TRY_LIMIT)) {
    try {
      return { value: await use(baseUrl), baseUrl, faults };
    } catch (error) {
      signal.throwIfAborted();
      if (!isOfMirror(error) || baseUrls.length === 1) throw error;
      faults.push({ baseUrl, reason: error.message });
    }
  }
  const reasons = faults.map(({ reason }) => reason).join('; ');
  const detail = `expected one of ${faults.length} mirrors to serve it, found: ${reasons}`;
  throw new StreamUnreachableError(url, detail);
}

/** Opens a repository wherever it is served. */
export async function useUpstream<T>(
  upstream: Upstream,
  {
    use,
    signal,
  }: {
    readonly use: (baseUrl: string, promised: MirrorChoice['promised']) => Promise<T>;
    readonly signal: AbortSignal;
  },
): Promise<T> {
  const { baseUrls, promised } = await chooseMirrors(upstream, signal);
  const { url } = upstream;
  const used = await tryMirrors(url, baseUrls, {
    use: (baseUrl) => use(baseUrl, promised),
    signal,
  });
  return used.value;
}

/** What another mirror may do better; a program that is missing here is missing for all. */
function isOfMirror(error: unknown): error is RekmodError {
  return error instanceof RekmodError && error.failureClass !== 'configuration';
}
