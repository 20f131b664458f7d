import { RepodataParseError } from '../model/parse-errors.ts';

const FILE = 'mirror list';
const URL_LENGTH_LIMIT = 2048;
/** Nobody tries more; the list's own order is its preference. */
const MIRROR_LIMIT = 200;

/**
 * Parses a list of mirrors: a base URL a line, empty lines and those that begin with `#` between them. Those of other
 * protocols than HTTP (`rsync`, `ftp`) are left out.
 *
 * @returns At most 200, each once, in the list's order.
 * @throws {RepodataParseError} If there is none.
 * @see librepo librepo/mirrorlist.c
 */
export function parseMirrorList(text: string): readonly string[] {
  const urls = text.split('\n').map((line) => line.trim());
  return requireMirrors(FILE, urls);
}

/**
 * Takes what is usable of the base URLs that somebody lists.
 *
 * @throws {RepodataParseError} If nothing is.
 */
export function requireMirrors(
  file: RepodataParseError['file'],
  urls: readonly string[],
): readonly string[] {
  const usable = [...new Set(urls.filter(isHttp))].slice(0, MIRROR_LIMIT);
  if (usable.length > 0) return usable;
  throw new RepodataParseError(file, 'expected URLs of mirrors that speak HTTP, found none');
}

/** An address on this machine's disk, or with a password, is not for a list from outside to say. */
function isHttp(text: string): boolean {
  if (text.length > URL_LENGTH_LIMIT || !/^https?:\/\/[^\s\p{Cc}]+$/u.test(text)) return false;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && url.username === '' && url.password === '' && url.search === '';
}
