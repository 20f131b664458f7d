import { type HeaderBlob, type HeaderEntry, HeaderType } from '../../rpm/header-blob.ts';

/** A tag of a package that is made: its number, how its data is written, the data. */
export type HeaderTag = readonly [
  tag: number,
  type: number,
  data: readonly number[] | readonly string[] | Uint8Array,
];

/** See {@link HeaderType}; `local` is a text of which there could be translations. */
export const TagType = {
  int16: HeaderType.int16,
  int32: HeaderType.int32,
  text: HeaderType.string,
  texts: HeaderType.stringArray,
  local: HeaderType.i18nString,
  bytes: HeaderType.bin,
} as const;

/** Lays out tags as a header has them, for {@link writeHeader}, which aligns them. */
export function makeHeaderBlob(tags: readonly HeaderTag[]): HeaderBlob {
  const entries = new Map<number, HeaderEntry>();
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const [tag, type, data] of [...tags].sort(([a], [b]) => a - b)) {
    const bytes = encode(type, data);
    entries.set(tag, { tag, type, start, end: start + bytes.length, count: data.length });
    pieces.push(bytes);
    start += bytes.length;
  }
  const bytes = Buffer.concat(pieces);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), entries };
}

function encode(type: number, data: HeaderTag[2]): Uint8Array {
  if (data instanceof Uint8Array) return data;
  const size = type === HeaderType.int16 ? 2 : 4;
  if (type !== HeaderType.int16 && type !== HeaderType.int32) {
    return Buffer.from(data.map((text) => `${text}\0`).join(''));
  }
  const bytes = Buffer.alloc(data.length * size);
  for (const [index, value] of data.entries()) bytes.writeUIntBE(Number(value), index * size, size);
  return bytes;
}
