import type { Nevra } from '../model/kernel.ts';
import { NevraParseError } from '../model/parse-errors.ts';
import { formatEvr } from './evr.ts';

const TEXT_LENGTH_LIMIT = 512;
/** What rpm's spec parser allows in names, versions, releases and architectures. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
const VERSION = /^[A-Za-z0-9._+~^]+$/;
const ARCH = /^[A-Za-z0-9_]+$/;
const EPOCH = /^[0-9]{1,10}$/;
const EPOCH_LIMIT = 0xffffffff;

/** Writes a NEVRA, e.g. `kernel-devel-5.14.0-611.el9.x86_64`, `dhcp-12:4.4.2-19.b1.el9.x86_64`. */
export function formatNevra(nevra: Nevra): string {
  return `${nevra.name}-${formatEvr(nevra)}.${nevra.arch}`;
}

/**
 * Parses `name-[epoch:]version-release.arch`, e.g. `kernel-devel-5.14.0-611.el9.x86_64`.
 *
 * The name may hold dashes, the rest may not; a missing epoch is 0.
 *
 * @throws {NevraParseError} If a part is missing or holds a character that rpm refuses in a spec.
 * @see rpm 4.18 build/parsePreamble.c, ALLOWED_CHARS_NAME and ALLOWED_CHARS_VERREL
 */
export function parseNevra(text: string): Nevra {
  if (text.length > TEXT_LENGTH_LIMIT) {
    const detail = `expected at most ${TEXT_LENGTH_LIMIT} characters, found ${text.length}`;
    throw new NevraParseError(text, detail);
  }
  const archDot = text.lastIndexOf('.');
  const releaseDash = text.lastIndexOf('-', archDot);
  const versionDash = text.lastIndexOf('-', releaseDash - 1);
  if (archDot === -1 || releaseDash === -1 || releaseDash === 0 || versionDash === -1) {
    throw new NevraParseError(text, 'expected name-version-release.arch');
  }
  const [version = '', epoch] = text
    .slice(versionDash + 1, releaseDash)
    .split(':', 3)
    .reverse();
  return {
    name: requirePart(text, 'name', text.slice(0, versionDash), NAME),
    epoch: epoch === undefined ? 0 : parseEpoch(text, epoch),
    version: requirePart(text, 'version', version, VERSION),
    release: requirePart(text, 'release', text.slice(releaseDash + 1, archDot), VERSION),
    arch: requirePart(text, 'architecture', text.slice(archDot + 1), ARCH),
  };
}

function requirePart(text: string, what: string, part: string, pattern: RegExp): string {
  if (!pattern.test(part)) throw new NevraParseError(text, `expected a legal ${what}`);
  return part;
}

function parseEpoch(text: string, epoch: string): number {
  const number = Number(requirePart(text, 'epoch', epoch, EPOCH));
  if (number > EPOCH_LIMIT) throw new NevraParseError(text, 'expected an epoch of 32 bits');
  return number;
}
