import type { Checksum } from '../model/kernel.ts';
import { quoteExcerpt, RepodataParseError } from '../model/parse-errors.ts';
import type { MetadataFile } from './xml-reader.ts';

const HREF_LENGTH_LIMIT = 1024;
/** Printable ASCII without the characters that mean something else in a URL or on Windows. */
const HREF = /^[!$&'()*+,./0-9:;=@A-Z[\]^_a-z~%-]+$/;
/** A scheme, or a drive: a colon before the first slash. */
const SCHEME = /^[^/]*:/;
const CHECKSUM_TYPE = /^[a-z0-9-]{1,16}$/;
const CHECKSUM_VALUE = /^(?:[0-9a-f]{2}){4,64}$/;

/**
 * Requires a location that stays below the base URL it is joined to.
 *
 * Percent escapes are looked through, since URL parsers read `%2e%2e` as `..`.
 *
 * @returns The location as it is.
 * @throws {RepodataParseError} If it is absolute, has a scheme, query, fragment, backslash, control
 *   character or an empty, `.` or `..` segment.
 */
export function requireHref(file: MetadataFile, href: string | undefined): string {
  if (href === undefined || href.length > HREF_LENGTH_LIMIT || !isRelativeHref(href)) {
    const found = href === undefined ? 'none' : quoteExcerpt(href);
    throw new RepodataParseError(file, `expected a relative location, found ${found}`);
  }
  return href;
}

function isRelativeHref(href: string): boolean {
  if (!HREF.test(href) || SCHEME.test(href)) return false;
  const escapes = href.match(/%.{0,2}/g) ?? [];
  if (!escapes.every((code) => /^%[2-7][0-9A-Fa-f]$/.test(code))) return false;
  const plain = decodeURIComponent(href);
  if (plain.includes('\\') || /%(?:2f|25)/i.test(href)) return false;
  return plain.split('/').every((segment) => segment !== '' && !/^\.{1,2}$/.test(segment));
}

/**
 * Requires a digest as rpm-md writes it, e.g. type `sha256` and 64 hexadecimal digits.
 *
 * @throws {RepodataParseError} If a part is missing or of another form.
 */
export function requireChecksum(
  file: MetadataFile,
  checksum: { readonly type: string | undefined; readonly value: string },
): Checksum {
  const { type, value } = checksum;
  if (type === undefined || !CHECKSUM_TYPE.test(type) || !CHECKSUM_VALUE.test(value)) {
    const found = `${type ?? 'no type'} ${quoteExcerpt(value)}`;
    throw new RepodataParseError(file, `expected a checksum with its type, found ${found}`);
  }
  return { type, value };
}
