import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createElementSplitter, type ElementSplit } from '../../rpm/split-elements.ts';
import { boundOpenBytes, type CompressionFormat, decompress } from '../decompress.ts';
import { createTextDecoder } from '../primary-file.ts';

/** A file of metadata on this disk, and what is made of its elements. */
export interface MetadataElements extends Omit<ElementSplit, 'onElement'> {
  readonly path: string;
  readonly format: CompressionFormat;
  /** What it is called in messages, e.g. its URL. */
  readonly thing: string;
  readonly signal: AbortSignal;
}

/** Fedora's file lists have 800 MB. */
const MAX_OPEN_BYTES = 8 * 1024 ** 3;

/** What is read, of each type of metadata that has one element a package or advisory. */
export const SPLITS = {
  primary: { file: 'primary.xml', root: 'metadata', element: 'package' },
  filelists: { file: 'filelists.xml', root: 'filelists', element: 'package' },
  other: { file: 'other.xml', root: 'otherdata', element: 'package' },
  updateinfo: { file: 'updateinfo.xml', root: 'updates', element: 'update' },
} as const satisfies Record<string, Omit<ElementSplit, 'onElement'>>;

/**
 * Gives the elements of a metadata file one by one, their text as it is; never more than some pieces of the
 * file are in memory.
 *
 * @throws {RepodataParseError} If it is not such a file, see {@link createElementSplitter}.
 * @throws {ContentInvalidError} If it is no UTF-8.
 * @throws {DecompressError} If it is broken or unpacks to too much.
 */
export async function* readElements(file: MetadataElements): AsyncIterable<string> {
  let ready: string[] = [];
  const splitter = createElementSplitter({ ...file, onElement: (text) => ready.push(text) });
  const decode = createTextDecoder(file.thing);
  const { size } = await stat(file.path);
  const content = decompress(file.format, createReadStream(file.path), {
    maxBytes: boundOpenBytes(file.format, size, MAX_OPEN_BYTES),
    signal: file.signal,
  });
  for await (const chunk of content) {
    splitter.write(decode(chunk, { stream: true }));
    const elements = ready;
    ready = [];
    yield* elements;
  }
  splitter.write(decode());
  splitter.close();
  yield* ready;
}
