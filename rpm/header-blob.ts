import { RpmHeaderParseError } from '../model/parse-errors.ts';

/** One of the two headers of an RPM: tags with typed data, checked as rpm checks them. */
export interface HeaderBlob {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** By tag; of a tag that occurs twice the first. */
  readonly entries: ReadonlyMap<number, HeaderEntry>;
}

/** Where the data of a tag is; always inside of the blob. */
export interface HeaderEntry {
  readonly tag: number;
  readonly type: number;
  readonly start: number;
  readonly end: number;
  readonly count: number;
}

/** The fixed start of a header: magic, tag count, data bytes. */
export const HEADER_INTRO_BYTES = 16;
export const HEADER_ENTRY_BYTES = 16;

export const HEADER_MAGIC = 0x8eade801;
/** How the data of a tag is written. */
export const HeaderType = {
  int16: 3,
  int32: 4,
  int64: 5,
  string: 6,
  bin: 7,
  stringArray: 8,
  i18nString: 9,
} as const;
const TEXT_TYPES: readonly number[] = [
  HeaderType.string,
  HeaderType.stringArray,
  HeaderType.i18nString,
];
/** Sizes of the types NULL to I18NSTRING; -1 for strings. They are the alignments, too. */
const TYPE_SIZES = [0, 1, 1, 2, 4, 8, -1, 1, -1, -1];
/** Tags below are regions and the table of locales; none of them is data. */
const FIRST_REGION_TAG = 61;
const FIRST_TAG = 100;

/** How large a header may be. */
export interface HeaderLimits {
  readonly tags: number;
  readonly dataBytes: number;
}

/**
 * Reads the intro of a header.
 *
 * @returns The bytes that follow it: index and data.
 * @throws {RpmHeaderParseError} If the magic is missing or the header is larger than allowed.
 */
export function readHeaderIntro(
  intro: Uint8Array,
  limits: HeaderLimits,
): { readonly tagCount: number; readonly byteCount: number } {
  const view = new DataView(intro.buffer, intro.byteOffset, intro.byteLength);
  if (view.byteLength < HEADER_INTRO_BYTES || view.getUint32(0) !== HEADER_MAGIC) {
    throw new RpmHeaderParseError('expected a header magic, found none');
  }
  const tagCount = view.getUint32(8);
  const dataBytes = view.getUint32(12);
  if (tagCount > limits.tags || dataBytes > limits.dataBytes) {
    const allowed = `${limits.tags} tags and ${limits.dataBytes} bytes`;
    throw new RpmHeaderParseError(
      `expected at most ${allowed}, found ${tagCount} and ${dataBytes}`,
    );
  }
  return { tagCount, byteCount: tagCount * HEADER_ENTRY_BYTES + dataBytes };
}

/**
 * Reads index and data of a header: every tag must be known in type, aligned, in bounds and behind
 * the data of the tag before.
 *
 * @throws {RpmHeaderParseError} If one is not.
 * @see rpm 4.18 lib/header.c, hdrblobVerifyRegion() and hdrblobVerifyInfo()
 */
export function readHeaderBlob(content: Uint8Array, tagCount: number): HeaderBlob {
  const index = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const dataStart = tagCount * HEADER_ENTRY_BYTES;
  const bytes = content.subarray(dataStart);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = new Map<number, HeaderEntry>();
  let end = 0;
  for (let at = 0; at < dataStart; at += HEADER_ENTRY_BYTES) {
    const tag = index.getInt32(at);
    const start = index.getInt32(at + 8);
    const found = { tag, type: index.getUint32(at + 4), start, count: index.getUint32(at + 12) };
    // A region's trailer stands behind all data; nothing is taken from it.
    if (at === 0 && tag >= FIRST_REGION_TAG && tag < FIRST_TAG) continue;
    const entry = { ...found, end: start + measure(found, bytes) };
    const isSane = tag >= FIRST_TAG && start >= end && entry.end <= bytes.length;
    if (!isSane || entry.end <= start) throw describeBadEntry(entry, bytes.length);
    end = entry.end;
    if (!entries.has(tag)) entries.set(tag, entry);
  }
  return { bytes, view, entries };
}

/** Reads a single text; undefined if the tag is missing. */
export function findText(blob: HeaderBlob, tag: number): string | undefined {
  return findTexts(blob, tag)?.[0];
}

/** Reads a list of texts; undefined if the tag is missing. */
export function findTexts(blob: HeaderBlob, tag: number): readonly string[] | undefined {
  const entry = blob.entries.get(tag);
  if (entry === undefined) return undefined;
  if (!TEXT_TYPES.includes(entry.type)) {
    throw describeBadEntry(entry, blob.bytes.length);
  }
  return new TextDecoder().decode(blob.bytes.subarray(entry.start, entry.end - 1)).split('\0');
}

/** Reads a list of unsigned numbers of 16, 32 or 64 bits; undefined if the tag is missing. */
export function findNumbers(blob: HeaderBlob, tag: number): readonly number[] | undefined {
  const entry = blob.entries.get(tag);
  if (entry === undefined) return undefined;
  const { type, start, count } = entry;
  switch (type) {
    case HeaderType.int16:
      return Array.from({ length: count }, (_, i) => blob.view.getUint16(start + 2 * i));
    case HeaderType.int32:
      return Array.from({ length: count }, (_, i) => blob.view.getUint32(start + 4 * i));
    case HeaderType.int64:
      return Array.from({ length: count }, (_, i) => Number(blob.view.getBigUint64(start + 8 * i)));
    default:
      throw describeBadEntry(entry, blob.bytes.length);
  }
}

/** @returns The bytes of a tag's data, or -1 if they are nothing that rpm writes. */
function measure(entry: Omit<HeaderEntry, 'end'>, bytes: Uint8Array): number {
  const { type, start, count } = entry;
  const size = TYPE_SIZES[type];
  if (size === undefined || start < 0 || start > bytes.length) return -1;
  if (size === -1) {
    const wanted = type === HeaderType.string ? 1 : count;
    return count < wanted ? -1 : measureTexts(bytes, start, wanted);
  }
  const isAligned = type === HeaderType.bin || size <= 1 || start % size === 0;
  return isAligned ? size * count : -1;
}

function measureTexts(bytes: Uint8Array, start: number, count: number): number {
  let at = start;
  for (let i = 0; i < count; i += 1) {
    const terminator = bytes.indexOf(0, at);
    if (terminator === -1) return -1;
    at = terminator + 1;
  }
  return at - start;
}

function describeBadEntry(entry: HeaderEntry, dataBytes: number): RpmHeaderParseError {
  const { tag, type, start, count } = entry;
  return new RpmHeaderParseError(
    `expected tag ${tag} to be sane within ${dataBytes} bytes, found type ${type}, offset ${start}, count ${count}`,
  );
}
