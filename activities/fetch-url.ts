import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { StreamUnreachableError } from '../model/activity-errors.ts';
import type { Validators } from '../model/stream-watch.ts';
import { isMissing } from './atomic-file.ts';

/** An answer to a conditional request. */
export type Fetched =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'content';
      readonly body: AsyncIterable<Uint8Array>;
      readonly validators: Validators;
    }
  | { readonly kind: 'missing' };

/** How a URL is fetched. */
export interface FetchOptions {
  readonly validators?: Validators;
  readonly signal: AbortSignal;
  /**
   * How long a server may take to begin its answer, and to say anything more.
   *
   * @default {30 s}
   */
  readonly silenceTimeoutMs?: number;
  /**
   * The slowest body that is put up with, counted only while it is waited for.
   *
   * @default {64 KiB in 60 s}
   */
  readonly slowest?: Pace;
}

/** So many bytes in so much time. */
export interface Pace {
  readonly bytes: number;
  readonly ms: number;
}

/** A modem is quicker; a server that trickles on purpose would hold up a look for as long as it likes. */
const SLOWEST: Pace = { bytes: 64 * 1024, ms: 60_000 };

const SILENCE_TIMEOUT_MS = 30_000;

/**
 * Fetches `http:`, `https:` and `file:` URLs, conditionally when validators are given.
 *
 * @throws {StreamUnreachableError} If there is no connection, no answer in time, or an answer other
 *   than 200, 304, 404 and 410.
 */
export async function fetchUrl(
  url: string,
  {
    validators = {},
    signal,
    silenceTimeoutMs = SILENCE_TIMEOUT_MS,
    slowest = SLOWEST,
  }: FetchOptions,
): Promise<Fetched> {
  if (url.startsWith('file:')) return readFileUrl(url);
  const silence = new AbortController();
  const alarm = setTimeout(() => silence.abort(new Error('no answer in time')), silenceTimeoutMs);
  // The connection keeps the process awake while it is waited for; a body that nobody wants must not.
  alarm.unref();
  try {
    const response = await fetch(url, {
      headers: conditionalHeaders(validators),
      signal: AbortSignal.any([signal, silence.signal]),
    });
    return await toFetched(url, response, { alarm, silence, slowest });
  } catch (cause) {
    clearTimeout(alarm);
    signal.throwIfAborted();
    if (cause instanceof StreamUnreachableError) throw cause;
    throw new StreamUnreachableError(url, `expected an answer, found ${describe(cause)}`, {
      cause,
    });
  }
}

/**
 * Reads a small file whole.
 *
 * @returns undefined when the server says that there is none.
 * @throws {StreamUnreachableError} As {@link fetchUrl}, or if it is larger than the limit.
 */
export async function fetchBytes(
  url: string,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array | undefined> {
  const fetched = await fetchUrl(url, { signal });
  return fetched.kind === 'content' ? readBounded(url, fetched.body, maxBytes) : undefined;
}

/** Collects a body. @throws {StreamUnreachableError} If it is larger than the limit. */
export async function readBounded(
  url: string,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxBytes) {
      throw new StreamUnreachableError(url, `expected at most ${maxBytes} bytes, found more`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

interface Watchdog {
  readonly alarm: NodeJS.Timeout;
  readonly silence: AbortController;
  readonly slowest: Pace;
}

async function toFetched(url: string, response: Response, watchdog: Watchdog): Promise<Fetched> {
  const { status, body } = response;
  if (status === 200 && body) {
    const etag = response.headers.get('etag');
    const lastModified = response.headers.get('last-modified');
    return {
      kind: 'content',
      body: watched(url, response, watchdog),
      validators: { ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) },
    };
  }
  clearTimeout(watchdog.alarm);
  // A body that nobody reads would keep its connection until it is collected as garbage.
  await body?.cancel();
  if (status === 304) return { kind: 'unchanged' };
  if (status === 404 || status === 410) return { kind: 'missing' };
  throw new StreamUnreachableError(url, `expected HTTP status 200, found ${status}`);
}

/**
 * Passes a body on; a server that falls silent in the middle, or trickles, ends it with an error.
 *
 * @param response Held until its body is read: fetch() cancels the body of a response that was
 *   collected as garbage, and the reader would see an empty file.
 */
async function* watched(
  url: string,
  response: Response,
  { alarm, silence, slowest }: Watchdog,
): AsyncIterable<Uint8Array> {
  try {
    let waitedMs = 0;
    let byteCount = 0;
    let since = performance.now();
    for await (const chunk of response.body ?? []) {
      alarm.refresh();
      waitedMs += performance.now() - since;
      byteCount += chunk.byteLength;
      if (waitedMs > slowest.ms) {
        if (byteCount < slowest.bytes) {
          const detail = `expected at least ${slowest.bytes} bytes in ${slowest.ms} ms, found ${byteCount}`;
          throw new StreamUnreachableError(url, detail);
        }
        waitedMs = 0;
        byteCount = 0;
      }
      yield chunk;
      since = performance.now();
    }
  } catch (cause) {
    if (silence.signal.aborted || cause instanceof TypeError) {
      throw new StreamUnreachableError(url, `expected more data, found ${describe(cause)}`, {
        cause,
      });
    }
    throw cause;
  } finally {
    clearTimeout(alarm);
  }
}

function conditionalHeaders({ etag, lastModified }: Validators): Record<string, string> {
  return {
    'user-agent': 'rekmod',
    // Digests are of the file as it lies there, so nothing on the way may recode it.
    'accept-encoding': 'identity',
    // Caches on the way must ask the origin; without this, fetch() says "no-cache", which forbids 304.
    'cache-control': 'max-age=0',
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  };
}

async function readFileUrl(url: string): Promise<Fetched> {
  try {
    const path = fileURLToPath(url);
    if (!(await stat(path)).isFile()) throw new Error('something else');
    const stream = createReadStream(path);
    await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
    return { kind: 'content', body: stream, validators: {} };
  } catch (cause) {
    if (isMissing(cause)) return { kind: 'missing' };
    throw new StreamUnreachableError(url, `expected a file, found ${describe(cause)}`, { cause });
  }
}

/** `fetch failed` alone says nothing; the reason is in its cause. */
function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}
