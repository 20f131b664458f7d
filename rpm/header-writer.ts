import { RpmHeaderParseError } from '../model/parse-errors.ts';
import {
  HEADER_ENTRY_BYTES,
  HEADER_INTRO_BYTES,
  HEADER_MAGIC,
  type HeaderBlob,
  type HeaderEntry,
  HeaderType,
} from './header-blob.ts';

/** New data of a tag, of the type that it has; `undefined` leaves the tag out. */
export type TagChange = readonly number[] | readonly string[] | Uint8Array | undefined;

/** What a header's first entry is, by which rpm knows that nothing was added later. */
export const HEADER_REGIONS = { signature: 62, main: 63 } as const;

const NUMBER_BYTES: ReadonlyMap<number, 2 | 4 | 8> = new Map([
  [HeaderType.int16, 2],
  [HeaderType.int32, 4],
  [HeaderType.int64, 8],
]);
const TEXT_TYPES: readonly number[] = [
  HeaderType.string,
  HeaderType.stringArray,
  HeaderType.i18nString,
];

interface Piece {
  readonly entry: HeaderEntry;
  readonly bytes: Uint8Array;
  readonly count: number;
}

/**
 * Writes a header again with other data for some tags. All else keeps its bytes and order. Of a tag that
 * occurs twice the first is written: the one that everything here reads and checks.
 *
 * @param changes By tag; a tag that the header does not have is not added.
 * @returns The whole header with its magic; without what may have to follow for alignment.
 * @throws {RpmHeaderParseError} If a tag is not of the type of its new data.
 * @see rpm 4.18 lib/header.c, headerExport(); docs/manual/format_header.md
 */
export function writeHeader(
  blob: HeaderBlob,
  region: number,
  changes: ReadonlyMap<number, TagChange>,
): Uint8Array {
  const pieces = [...blob.entries.values()].flatMap((entry) => toPiece(blob, entry, changes));
  const starts: number[] = [];
  let end = 0;
  for (const { entry, bytes } of pieces) {
    const start = Math.ceil(end / alignmentOf(entry)) * alignmentOf(entry);
    starts.push(start);
    end = start + bytes.length;
  }
  const entryCount = pieces.length + 1;
  const dataAt = HEADER_INTRO_BYTES + entryCount * HEADER_ENTRY_BYTES;
  const all = new Uint8Array(dataAt + end + HEADER_ENTRY_BYTES);
  const view = new DataView(all.buffer);
  view.setUint32(0, HEADER_MAGIC);
  view.setUint32(8, entryCount);
  view.setUint32(12, end + HEADER_ENTRY_BYTES);
  const regionEntry = { tag: region, type: HeaderType.bin, count: HEADER_ENTRY_BYTES };
  writeEntry(view, HEADER_INTRO_BYTES, { ...regionEntry, start: end });
  for (const [index, { entry, bytes, count }] of pieces.entries()) {
    const start = starts[index] ?? 0;
    const at = HEADER_INTRO_BYTES + (index + 1) * HEADER_ENTRY_BYTES;
    writeEntry(view, at, { tag: entry.tag, type: entry.type, start, count });
    all.set(bytes, dataAt + start);
  }
  // The trailer of the region points back over the index that belongs to it.
  writeEntry(view, dataAt + end, { ...regionEntry, start: -entryCount * HEADER_ENTRY_BYTES });
  return all;
}

function writeEntry(
  view: DataView,
  at: number,
  { tag, type, start, count }: Omit<HeaderEntry, 'end'>,
): void {
  view.setInt32(at, tag);
  view.setUint32(at + 4, type);
  view.setInt32(at + 8, start);
  view.setUint32(at + 12, count);
}

function alignmentOf({ type }: HeaderEntry): number {
  return NUMBER_BYTES.get(type) ?? 1;
}

function toPiece(
  blob: HeaderBlob,
  entry: HeaderEntry,
  changes: ReadonlyMap<number, TagChange>,
): readonly Piece[] {
  if (!changes.has(entry.tag)) {
    return [{ entry, bytes: blob.bytes.subarray(entry.start, entry.end), count: entry.count }];
  }
  const change = changes.get(entry.tag);
  if (change === undefined) return [];
  return [{ entry, bytes: encode(entry, change), count: change.length }];
}

function encode({ tag, type }: HeaderEntry, change: Exclude<TagChange, undefined>): Uint8Array {
  if (change instanceof Uint8Array) {
    if (type === HeaderType.bin) return change;
  } else if (TEXT_TYPES.includes(type)) {
    return new TextEncoder().encode(change.map((text) => `${text}\0`).join(''));
  } else {
    const size = NUMBER_BYTES.get(type);
    if (size !== undefined) return encodeNumbers(change.map(Number), size);
  }
  throw new RpmHeaderParseError(`expected tag ${tag} to be of its usual type, found type ${type}`);
}

function encodeNumbers(values: readonly number[], size: 2 | 4 | 8): Uint8Array {
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
      throw new RpmHeaderParseError(`expected a number of ${size} bytes, found ${value}`);
    }
    if (size === 8) view.setBigUint64(8 * index, BigInt(value));
    else if (size === 4) view.setUint32(4 * index, value);
    else view.setUint16(2 * index, value);
  }
  return bytes;
}
