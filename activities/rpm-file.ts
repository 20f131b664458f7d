import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CpioParseError, quoteExcerpt, RpmHeaderParseError } from '../model/parse-errors.ts';
import { createCpioReader } from '../rpm/cpio.ts';
import { type CpioEntry, createCpioStream } from '../rpm/cpio-stream.ts';
import {
  type ByteSource,
  type RpmHeader,
  type RpmParts,
  readRpmHeader,
  readRpmParts,
  readRpmTags,
} from '../rpm/header.ts';
import type { HeaderTags } from '../rpm/header-tags.ts';
import { type CompressionFormat, decompress } from './decompress.ts';

/** An RPM file whose header is read. */
export interface RpmFileReader {
  readonly header: RpmHeader;
  /** How the payload is compressed. */
  readonly format: CompressionFormat;
  /** Reads all tags of the header, whatever they mean. */
  readTags(): Promise<HeaderTags>;
  /**
   * Reads files out of the payload.
   *
   * @returns Content by absolute path, in the payload's order; a source package's files are directly
   *   below `/`. Symbolic links are not among them.
   * @throws {CpioParseError} If a wanted file is larger than allowed, or all of them together.
   */
  readFiles(options: ReadFilesOptions): Promise<Map<string, Uint8Array>>;
  /**
   * Hands out files of the payload one by one, in its order; no more than a few are in memory at a time.
   *
   * @throws {CpioParseError} If a wanted file is larger than allowed.
   */
  visitFiles(
    options: ReadFilesOptions,
    visit: (path: string, bytes: Uint8Array) => Promise<void>,
  ): Promise<void>;
  /**
   * Goes through all entries of the payload, of whatever size: nothing is kept in memory.
   *
   * @param visit Is given one entry after the other; its content is read to the end or not at all.
   */
  walkEntries(visit: RpmEntryVisitor, signal: AbortSignal): Promise<void>;
}

/** See {@link RpmFileReader.walkEntries}. */
export type RpmEntryVisitor = (
  entry: CpioEntry,
  content: AsyncIterable<Uint8Array>,
) => Promise<void>;

/** Which files of a payload are read. */
export interface ReadFilesOptions {
  readonly wants: (path: string) => boolean;
  readonly maxBytesPerFile: number;
  readonly signal: AbortSignal;
}

/** A kernel-devel unpacks to 200 MB, the largest kernel package of all to 5 GB. */
const MAX_PAYLOAD_BYTES = 16 * 1024 ** 3;
/** What is wanted stays in memory. */
const MAX_WANTED_BYTES = 2 * 1024 ** 3;

const FORMATS: ReadonlyMap<string, CompressionFormat> = new Map([
  ['gzip', 'gz'],
  ['bzip2', 'bz2'],
  ['xz', 'xz'],
  ['lzma', 'xz'],
  ['zstd', 'zst'],
]);

/**
 * Opens an RPM file and reads its header. Nothing stays open in between; the file must not change.
 *
 * @throws {RpmHeaderParseError} If it is no RPM file, see {@link readRpmHeader}.
 */
export async function openRpm(path: string): Promise<RpmFileReader> {
  await using file = await open(path);
  const header = await readRpmHeader(await toSource(file));
  const format = requireFormat(
    header,
    await readSlice(file, header.payloadOffset, header.payloadOffset + 6),
  );
  const payload = { path, header, format };
  return {
    header,
    format,
    readTags: () => readTags(path),
    readFiles: (options) => readFiles(payload, options),
    visitFiles: (options, visit) => visitFiles(payload, options, visit),
    walkEntries: (visit, signal) => walkEntries(payload, visit, signal),
  };
}

interface Payload {
  readonly path: string;
  readonly header: RpmHeader;
  readonly format: CompressionFormat;
}

async function readTags(path: string): Promise<HeaderTags> {
  await using file = await open(path);
  return await readRpmTags(await toSource(file));
}

/** Reads the headers of an RPM file as they stand. @throws {RpmHeaderParseError} */
export async function readParts(path: string): Promise<RpmParts> {
  await using file = await open(path);
  return await readRpmParts(await toSource(file));
}

async function toSource(file: FileHandle): Promise<ByteSource> {
  const { size } = await file.stat();
  return { byteLength: size, slice: (start, end) => readSlice(file, start, end) };
}

async function readFiles(
  payload: Payload,
  options: ReadFilesOptions,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let wantedBytes = 0;
  await visitFiles(payload, options, async (name, bytes) => {
    wantedBytes += bytes.length;
    requireAtMost(MAX_WANTED_BYTES, wantedBytes, 'all wanted files');
    files.set(name, bytes);
  });
  return files;
}

async function visitFiles(
  { path, header, format }: Payload,
  options: ReadFilesOptions,
  visit: (path: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let complete: (readonly [name: string, bytes: Uint8Array])[] = [];
  const reader = createCpioReader({
    wants(name, sizeBytes) {
      if (!options.wants(name)) return false;
      requireAtMost(options.maxBytesPerFile, sizeBytes, name);
      return true;
    },
    onFile: (name, bytes) => complete.push([name, bytes]),
  });
  const source = createReadStream(path, { start: header.payloadOffset });
  const bounds = { maxBytes: MAX_PAYLOAD_BYTES, signal: options.signal };
  for await (const chunk of decompress(format, source, bounds)) {
    reader.write(chunk);
    for (const [name, bytes] of complete) await visit(name, bytes);
    complete = [];
  }
  reader.close();
}

async function walkEntries(
  payload: Payload,
  visit: RpmEntryVisitor,
  signal: AbortSignal,
): Promise<void> {
  const events = readEvents(payload, signal);
  try {
    for (;;) {
      const { value, done } = await events.next();
      if (done === true) return;
      if (value instanceof Uint8Array || value === 'end') continue;
      await visit(value, contentOf(events));
    }
  } finally {
    await events.return(undefined);
  }
}

/** The pieces of the entry that was given last. What its visitor leaves unread is passed over. */
async function* contentOf(events: AsyncGenerator<PayloadEvent>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { value, done } = await events.next();
    if (done === true || !(value instanceof Uint8Array)) return;
    yield value;
  }
}

type PayloadEvent = CpioEntry | Uint8Array | 'end';

async function* readEvents(
  { path, header, format }: Payload,
  signal: AbortSignal,
): AsyncGenerator<PayloadEvent> {
  let events: PayloadEvent[] = [];
  const reader = createCpioStream({
    onEntry(entry) {
      events.push(entry);
      return true;
    },
    onData: (bytes) => events.push(new Uint8Array(bytes)),
    onEnd: () => events.push('end'),
  });
  const source = createReadStream(path, { start: header.payloadOffset });
  for await (const chunk of decompress(format, source, { maxBytes: MAX_PAYLOAD_BYTES, signal })) {
    reader.write(chunk);
    yield* events;
    events = [];
  }
  reader.close();
}

async function readSlice(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, start);
  return bytes.subarray(0, bytesRead);
}

/** rpm leaves the tag out both for gzip of old and for no compression at all. */
function requireFormat(header: RpmHeader, payloadStart: Uint8Array): CompressionFormat {
  if (String.fromCharCode(...payloadStart.subarray(0, 5)) === '07070') return 'plain';
  const format = FORMATS.get(header.payloadCompressor);
  if (format === undefined) {
    const found = quoteExcerpt(header.payloadCompressor);
    throw new RpmHeaderParseError(`expected a known payload compressor, found ${found}`);
  }
  return format;
}

function requireAtMost(maxBytes: number, sizeBytes: number, what: string): void {
  if (sizeBytes > maxBytes) {
    const found = `${quoteExcerpt(what)} with ${sizeBytes}`;
    throw new CpioParseError(`expected at most ${maxBytes} bytes, found ${found}`);
  }
}
