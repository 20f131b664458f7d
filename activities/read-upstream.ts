import { MirrorLagsError } from '../model/activity-errors.ts';
import { RekmodError } from '../model/errors.ts';
import type { SeenRepository, Validators } from '../model/stream-watch.ts';
import {
  type MirrorChoice,
  type MirrorFault,
  readMirrorList,
  tryMirrors,
  type Upstream,
} from './mirrors.ts';
import {
  below,
  type RepositoryContent,
  type RepositoryLook,
  readRepository,
} from './repository-metadata.ts';

/** A look at one repository of a stream, wherever it is served. */
export interface UpstreamLook
  extends Pick<RepositoryLook, 'trust' | 'isWanted' | 'scratch' | 'signal'> {
  /** From the last look; empty to read everything again. */
  readonly seen: SeenRepository;
  /** Revision of the last accepted look; mirrors with an older one are passed over. */
  readonly atLeast?: string | undefined;
  readonly now: () => Date;
}

/** What it found. */
export interface UpstreamContent {
  readonly content: RepositoryContent;
  /** To be remembered for the next look. */
  readonly seen: SeenRepository;
  readonly faults: readonly MirrorFault[];
}

/** A list without digests is asked for again after this, or a mirror that stands still would never be left. */
const LIST_LIFE_MS = 24 * 60 * 60_000;
/** Where else packages are fetched from; more would only make records longer. */
const OTHER_LOCATION_LIMIT = 3;

/**
 * Reads a repository from the first mirror that serves it whole and not older than what was accepted; where all have
 * older content, from the first of those.
 *
 * Unchanged, it costs one request: a metalink's digest tells, a mirror from a plain list is asked as long as it
 * serves, and so is the first of configured mirrors.
 *
 * @throws {StreamUnreachableError} If no mirror serves it, or its only URL does not; see {@link readRepository}.
 */
export async function readUpstream(
  upstream: Upstream,
  look: UpstreamLook,
): Promise<UpstreamContent> {
  const { mirrors, url } = upstream;
  if (mirrors === undefined) return await readFrom(url, { baseUrls: [url] }, look);
  if (mirrors.kind === 'mirrors') return await readFrom(url, mirrors, look);
  return mirrors.kind === 'metalink'
    ? await readByMetalink(url, look)
    : await readByList(url, look);
}

async function readByMetalink(url: string, look: UpstreamLook): Promise<UpstreamContent> {
  const { seen, signal } = look;
  const validators = seen.digest === undefined ? {} : pickValidators(seen.list ?? {});
  const listing = await readMirrorList(url, 'metalink', { validators, signal });
  if (listing.kind === 'unchanged') return { content: listing, seen, faults: [] };
  const list = { ...listing.validators, readAt: look.now().toISOString() };
  const isSame = listing.current?.some(
    ({ type, value }) => type === 'sha256' && value === seen.digest,
  );
  if (isSame) return { content: { kind: 'unchanged' }, seen: { ...seen, list }, faults: [] };
  const found = await readFrom(url, listing.choice, look);
  return { ...found, seen: { ...found.seen, list } };
}

async function readByList(url: string, look: UpstreamLook): Promise<UpstreamContent> {
  const { seen, signal } = look;
  const faults: MirrorFault[] = [];
  if (seen.baseUrl !== undefined && isFresh(seen, look.now())) {
    try {
      const found = await readFrom(url, { baseUrls: [seen.baseUrl] }, look);
      return { ...found, seen: { ...found.seen, ...(seen.list ? { list: seen.list } : {}) } };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RekmodError)) throw error;
      faults.push({ baseUrl: seen.baseUrl, reason: error.message });
    }
  }
  const listing = await readMirrorList(url, 'mirrorlist', { validators: {}, signal });
  if (listing.kind === 'unchanged') throw new Error('BUG: a list has not changed since never');
  const list = { ...listing.validators, readAt: look.now().toISOString() };
  const found = await readFrom(url, listing.choice, look);
  return { ...found, seen: { ...found.seen, list }, faults: [...faults, ...found.faults] };
}

function isFresh({ list }: SeenRepository, now: Date): boolean {
  return list !== undefined && now.getTime() - Date.parse(list.readAt) < LIST_LIFE_MS;
}

async function readFrom(
  url: string,
  choice: MirrorChoice,
  look: UpstreamLook,
): Promise<UpstreamContent> {
  let hasOlder = false;
  async function use(baseUrl: string): Promise<RepositoryContent> {
    try {
      return await readOne({ url, baseUrl }, choice, look);
    } catch (error) {
      hasOlder ||= error instanceof MirrorLagsError;
      throw error;
    }
  }
  try {
    return toContent(await tryMirrors(url, choice.baseUrls, { ...look, use }), choice, look);
  } catch (error) {
    // All that answer are behind: what they have is looked at, and judged by what it lost.
    if (!hasOlder) throw error;
    const { atLeast: _, ...any } = look;
    const oldest = (baseUrl: string) => readOne({ url, baseUrl }, choice, any);
    return toContent(await tryMirrors(url, choice.baseUrls, { ...any, use: oldest }), choice, look);
  }
}

async function readOne(
  { url, baseUrl }: { readonly url: string; readonly baseUrl: string },
  { promised }: MirrorChoice,
  look: UpstreamLook,
): Promise<RepositoryContent> {
  const { seen, ...rest } = look;
  // One mirror's validators tell nothing of what another one has.
  const isSame = (seen.baseUrl ?? url) === baseUrl;
  return await readRepository({
    ...rest,
    baseUrl,
    promised,
    knownDigest: seen.digest,
    validators: isSame ? pickValidators(seen) : {},
  });
}

function toContent(
  {
    value,
    baseUrl,
    faults,
  }: {
    readonly value: RepositoryContent;
    readonly baseUrl: string;
    readonly faults: readonly MirrorFault[];
  },
  { baseUrls }: MirrorChoice,
  { seen }: UpstreamLook,
): UpstreamContent {
  if (value.kind === 'unchanged') {
    const { digest } = seen;
    const known = digest === undefined ? { baseUrl } : { digest, baseUrl };
    const fresh = value.validators === undefined ? seen : { ...known, ...value.validators };
    return { content: value, seen: fresh, faults };
  }
  const others = baseUrls.filter((other) => other !== baseUrl).slice(0, OTHER_LOCATION_LIMIT);
  const fromHere = below(baseUrl, '.');
  const packages =
    others.length === 0
      ? value.packages
      : value.packages.map((found) => ({
          ...found,
          otherLocations: others.map((other) =>
            below(other, found.location.slice(fromHere.length)),
          ),
        }));
  const { digest } = value.repomd;
  const next = { digest, baseUrl, ...value.validators };
  return { content: { ...value, packages }, seen: next, faults };
}

function pickValidators({ etag, lastModified }: Validators): Validators {
  return {
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}
