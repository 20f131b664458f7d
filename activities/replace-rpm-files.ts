import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentInvalidError } from '../model/activity-errors.ts';
import { RpmHeaderParseError } from '../model/parse-errors.ts';
import type { CpioEntry } from '../rpm/cpio-stream.ts';
import { cpioPadding, resizeCpioHead, writeCpioTrailer } from '../rpm/cpio-writer.ts';
import type { RpmParts } from '../rpm/header.ts';
import { joinBytes } from '../rpm/join-bytes.ts';
import {
  type FileChange,
  hasMd5,
  listPayloadHashes,
  type NewPayload,
  type PayloadForm,
  type RpmHash,
  readPayloadFlags,
  rewriteMainHeader,
  rewriteSignatureHeader,
} from '../rpm/replace-files.ts';
import { compressFile, payloadCompressor } from './compress.ts';
import { MAX_MODULE_BYTES } from './packaged-modules.ts';
import { openRpm, type RpmFileReader, readParts } from './rpm-file.ts';

/** Which files of a package get other content, and where the work is done. */
export interface ReplaceOptions {
  readonly wants: (path: string) => boolean;
  /** Gives the new content of a file. */
  readonly replace: (path: string, bytes: Uint8Array) => Promise<Uint8Array>;
  /** An empty directory; two forms of the payload lie there for a while. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

const REGULAR_FILE = 0o100000;
const FILE_TYPE_MASK = 0o170000;

/**
 * Writes a package again with other content for some of its files: payload, sizes and digests are new,
 * signatures are gone, everything else stays as it was. Nothing of the package is run.
 *
 * @param output Is written anew; must not be the package.
 * @throws {ContentInvalidError} If a wanted file is one of several names of the same content.
 */
export async function replaceRpmFiles(
  input: string,
  output: string,
  options: ReplaceOptions,
): Promise<void> {
  const rpm = await openRpm(input);
  const parts = await readParts(input);
  const hashes = listPayloadHashes(parts.main.blob);
  const plainFile = join(options.scratch, 'payload.cpio');
  const { plain, changes } = await writePlainPayload(rpm, plainFile, { ...options, hashes });
  const compressedFile = join(options.scratch, 'payload');
  const compressor = requireCompressor(rpm, parts);
  const source =
    compressor === undefined
      ? createReadStream(plainFile)
      : compressFile(compressor, plainFile, options.signal);
  const compressed = await writeForm(compressedFile, source, hashes);
  await assemble(output, { parts, changes, compressedFile, payload: { plain, compressed } });
}

/** What a package without a compressor has is not compressed: `openRpm()` looked at it. */
function requireCompressor({ header, format }: RpmFileReader, { main }: RpmParts) {
  if (format === 'plain') return undefined;
  const argv = payloadCompressor(header.payloadCompressor, readPayloadFlags(main.blob));
  if (argv !== undefined) return argv;
  throw new RpmHeaderParseError(`expected a known compressor, found ${header.payloadCompressor}`);
}

interface PlainPayload {
  readonly plain: PayloadForm;
  readonly changes: ReadonlyMap<string, FileChange>;
}

async function writePlainPayload(
  rpm: RpmFileReader,
  path: string,
  options: ReplaceOptions & { readonly hashes: readonly RpmHash[] },
): Promise<PlainPayload> {
  await using file = await open(path, 'wx');
  const sink = createSink(file, options.hashes);
  const changes = new Map<string, FileChange>();
  await rpm.walkEntries(async (entry, content) => {
    if (!isWanted(entry, options)) {
      await sink.write(entry.head);
      for await (const chunk of content) await sink.write(chunk);
      await sink.write(cpioPadding(entry.sizeBytes));
      return;
    }
    requireOwnContent(entry);
    const bytes = await options.replace(entry.path, await collect(content));
    const digest = createHash(rpm.header.fileDigestAlgorithm).update(bytes).digest('hex');
    changes.set(entry.path, { sizeBytes: bytes.length, digest });
    for (const piece of [resizeCpioHead(entry.head, bytes.length), bytes]) await sink.write(piece);
    await sink.write(cpioPadding(bytes.length));
  }, options.signal);
  await sink.write(writeCpioTrailer());
  return { plain: sink.end(), changes };
}

function isWanted({ path, mode }: CpioEntry, { wants }: ReplaceOptions): boolean {
  return (mode & FILE_TYPE_MASK) === REGULAR_FILE && wants(path);
}

/** Of files that are hard links of each other only the last has content, and its size is that of all. */
function requireOwnContent({ path, linkCount, sizeBytes }: CpioEntry): void {
  if (linkCount > 1) {
    throw new ContentInvalidError(path, `expected a file of one name, found ${linkCount} names`);
  }
  if (sizeBytes > MAX_MODULE_BYTES) {
    const detail = `expected at most ${MAX_MODULE_BYTES} bytes, found ${sizeBytes}`;
    throw new ContentInvalidError(path, detail);
  }
}

async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return joinBytes(pieces);
}

/** Writes to a file and knows digests and size of what was written. */
function createSink(file: FileHandle, hashes: readonly RpmHash[]) {
  const running = hashes.map((name) => ({ name, hash: createHash(name) }));
  let sizeBytes = 0;
  return {
    async write(bytes: Uint8Array): Promise<void> {
      if (bytes.length === 0) return;
      for (const { hash } of running) hash.update(bytes);
      sizeBytes += bytes.length;
      await file.writeFile(bytes);
    },
    end(): PayloadForm {
      const digests = running.map(({ name, hash }) => [name, hash.digest('hex')] as const);
      return { sizeBytes, digests: new Map(digests) };
    },
  };
}

async function writeForm(
  path: string,
  source: AsyncIterable<Uint8Array>,
  hashes: readonly RpmHash[],
): Promise<PayloadForm> {
  await using file = await open(path, 'wx');
  const sink = createSink(file, hashes);
  for await (const chunk of source) await sink.write(chunk);
  return sink.end();
}

interface AssembledRpm {
  readonly parts: RpmParts;
  readonly changes: ReadonlyMap<string, FileChange>;
  readonly compressedFile: string;
  readonly payload: NewPayload;
}

async function assemble(output: string, rpm: AssembledRpm): Promise<void> {
  const { parts, changes, compressedFile, payload } = rpm;
  const main = rewriteMainHeader(parts.main.blob, changes, payload);
  const signature = rewriteSignatureHeader(parts.signature.blob, {
    digestHeader: (hash) => createHash(hash).update(main).digest('hex'),
    md5: await digestMd5(parts, main, compressedFile),
    headerBytes: main.length,
    payload,
  });
  await using file = await open(output, 'wx');
  for (const piece of [parts.lead, signature, main]) await file.writeFile(piece);
  for await (const chunk of createReadStream(compressedFile)) await file.writeFile(chunk);
}

async function digestMd5(
  { signature }: RpmParts,
  main: Uint8Array,
  payloadFile: string,
): Promise<Uint8Array> {
  if (!hasMd5(signature.blob)) return new Uint8Array(0);
  const hash = createHash('md5').update(main);
  for await (const chunk of createReadStream(payloadFile)) hash.update(chunk);
  return hash.digest();
}
