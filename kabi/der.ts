import { ModuleParseError } from '../model/parse-errors.ts';
import { viewOf } from './elf.ts';

/** One element of a DER encoding. */
export interface DerElement {
  /** The identifier octet, e.g. `0x30` for a sequence. */
  readonly tag: number;
  /** The whole element: identifier, length, content. */
  readonly bytes: Uint8Array;
  readonly content: Uint8Array;
}

/** Identifier octets that occur in a signature. */
export const DER = {
  integer: 0x02,
  octetString: 0x04,
  objectId: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** `[0]`, primitive. */
  context0: 0x80,
  /** `[0]`, constructed. */
  contextList0: 0xa0,
} as const;

const ELEMENT_LIMIT = 1000;

/**
 * Reads the elements that stand one after the other.
 *
 * @throws {ModuleParseError} If a length is indefinite or points outside.
 * @see ITU-T X.690, section 8.1 and 10.1
 */
export function readDer(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length; ) {
    const element = readElement(bytes.subarray(at));
    elements.push(element);
    if (elements.length > ELEMENT_LIMIT) {
      throw new ModuleParseError(`expected at most ${ELEMENT_LIMIT} DER elements, found more`);
    }
    at += element.bytes.length;
  }
  return elements;
}

/**
 * Reads an object identifier.
 *
 * @returns Dotted, e.g. `2.16.840.1.101.3.4.2.1` for SHA-256.
 * @throws {ModuleParseError} If it is cut short.
 */
export function readObjectId(content: Uint8Array): string {
  const parts: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    if (parts.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      parts.push(first, value - 40 * first);
    } else {
      parts.push(value);
    }
    value = 0;
  }
  if (parts.length === 0 || ((content.at(-1) ?? 0) & 0x80) !== 0) {
    throw new ModuleParseError('expected an object identifier, found none or a part of one');
  }
  return parts.join('.');
}

function readElement(bytes: Uint8Array): DerElement {
  const [tag, first] = bytes;
  const isKnown = tag !== undefined && (tag & 0x1f) !== 0x1f;
  if (!isKnown || first === undefined || first === 0x80 || first > 0x84) {
    throw new ModuleParseError(`expected a DER element, found ${bytes.length} other bytes`);
  }
  const lengthBytes = first < 0x80 ? 0 : first - 0x80;
  const start = 2 + lengthBytes;
  if (start > bytes.length) throw describeEnd(start, bytes.length);
  const view = viewOf(bytes);
  let length = lengthBytes === 0 ? first : 0;
  for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + view.getUint8(2 + i);
  const end = start + length;
  if (end > bytes.length) throw describeEnd(end, bytes.length);
  return { tag, bytes: bytes.subarray(0, end), content: bytes.subarray(start, end) };
}

function describeEnd(expected: number, found: number): ModuleParseError {
  return new ModuleParseError(`expected a DER element of ${expected} bytes, found ${found}`);
}
