import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ContentInvalidError } from '../model/activity-errors.ts';
import { createPrimaryParser, type PrimaryParserOptions } from '../rpm/primary.ts';
import { boundOpenBytes, type CompressionFormat, decompress } from './decompress.ts';

/** Which file is parsed, and what is taken from it. */
export interface PrimaryFile extends PrimaryParserOptions {
  readonly path: string;
  readonly format: CompressionFormat;
  /** What it is called in messages, e.g. its URL. */
  readonly thing: string;
  /** How much it is when unpacked, where `repomd.xml` says so. */
  readonly openSizeBytes?: number;
  readonly signal: AbortSignal;
}

/** Fedora's has 70 MB packed, 500 MB unpacked. */
const MAX_OPEN_PRIMARY_BYTES = 4 * 1024 ** 3;

/**
 * Parses primary metadata from a file, piece by piece.
 *
 * @returns The number of packages, wanted or not.
 * @throws {RepodataParseError} If it is malformed or out of bounds, see {@link createPrimaryParser}.
 * @throws {ContentInvalidError} If it is no UTF-8.
 * @throws {DecompressError} If it is broken, or unpacks to more than its `repomd.xml` says, 4 GiB or any metadata of
 *   its size does.
 */
export async function parsePrimaryFile(file: PrimaryFile): Promise<number> {
  const parser = createPrimaryParser(file);
  const decode = createTextDecoder(file.thing);
  const { size } = await stat(file.path);
  const text = decompress(file.format, createReadStream(file.path), {
    maxBytes: Math.min(
      file.openSizeBytes ?? MAX_OPEN_PRIMARY_BYTES,
      boundOpenBytes(file.format, size, MAX_OPEN_PRIMARY_BYTES),
    ),
    signal: file.signal,
  });
  for await (const chunk of text) parser.write(decode(chunk, { stream: true }));
  parser.write(decode());
  return parser.close();
}

/** Decodes UTF-8, whole or piece by piece. @throws {ContentInvalidError} If it is something else. */
export function createTextDecoder(
  thing: string,
): (bytes?: Uint8Array, options?: { readonly stream: boolean }) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (bytes, options) => {
    try {
      return decoder.decode(bytes, options);
    } catch (cause) {
      throw new ContentInvalidError(thing, 'expected UTF-8, found other bytes', { cause });
    }
  };
}
