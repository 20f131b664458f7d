import { findNumbers, findTexts, type HeaderBlob, type HeaderEntry } from './header-blob.ts';

/** All values of a header, as text, by tag; `1047: ['ksym(jool_init)', …]`. */
export type HeaderTags = ReadonlyMap<number, readonly string[]>;

const NUMBER_TYPES = [3, 4, 5];
const TEXT_TYPES = [6, 8, 9];

/**
 * Writes all values of a header as text, whatever they mean.
 *
 * @see rpm 4.18 lib/rpmtag.h
 */
export function readHeaderTags(blob: HeaderBlob): HeaderTags {
  return new Map([...blob.entries].map(([tag, entry]) => [tag, readValues(blob, entry)]));
}

function readValues(blob: HeaderBlob, { tag, type, start, end }: HeaderEntry): readonly string[] {
  if (NUMBER_TYPES.includes(type)) return (findNumbers(blob, tag) ?? []).map(String);
  if (TEXT_TYPES.includes(type)) return findTexts(blob, tag) ?? [];
  const bytes = [...blob.bytes.subarray(start, end)];
  return [bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')];
}
