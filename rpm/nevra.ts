import type { Nevra } from '../model/kernel.ts';
import { NevraParseError } from '../model/parse-errors.ts';
import { formatEvr } from './evr.ts';

const TEXT_LENGTH_LIMIT = 512;
/** What rpm's spec parser allows in names, versions, releases and architectures. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,255}$/;
const VERSION = /^[A-Za-z0-9._+~^]{1,255}$/;
const ARCH = /^[A-Za-z0-9_]{1,32}$/;
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
 */
export function parseNevra(text: string): Nevra {
  if (text.length > TEXT_LENGTH_LIMIT) {
    const detail = `expected at most ${TEXT_LENGTH_LIMIT} characters, found ${text.length}`;
    throw new NevraParseError(text, detail);
  }
  const archDot = text.lastIndexOf('.');
  const releaseDash = text.lastIndexOf('-', archDot);
  const versionDash = releaseDash > 0 ? text.lastIndexOf('-', releaseDash - 1) : -1;
  if (archDot === -1 || versionDash === -1) {
    throw new NevraParseError(text, 'expected name-version-release.arch');
  }
  const version = text.slice(versionDash + 1, releaseDash);
  const colon = version.indexOf(':');
  const epoch = colon === -1 ? '0' : version.slice(0, colon);
  const nevra = {
    name: text.slice(0, versionDash),
    epoch: EPOCH.test(epoch) ? Number(epoch) : Number.NaN,
    version: version.slice(colon + 1),
    release: text.slice(releaseDash + 1, archDot),
    arch: text.slice(archDot + 1),
  };
  const illegal = findIllegalPart(nevra);
  if (illegal !== undefined) throw new NevraParseError(text, `expected a legal ${illegal}`);
  return nevra;
}

/**
 * Looks for what rpm would refuse: such a text must not come near file names and command lines.
 *
 * @returns The first part that is illegal; undefined if all are legal.
 * @see rpm 4.18 build/parsePreamble.c, ALLOWED_CHARS_NAME and ALLOWED_CHARS_VERREL
 */
export function findIllegalPart(nevra: Nevra): keyof Nevra | undefined {
  if (!NAME.test(nevra.name)) return 'name';
  if (!Number.isInteger(nevra.epoch) || nevra.epoch < 0 || nevra.epoch > EPOCH_LIMIT) {
    return 'epoch';
  }
  if (!VERSION.test(nevra.version)) return 'version';
  if (!VERSION.test(nevra.release)) return 'release';
  return ARCH.test(nevra.arch) ? undefined : 'arch';
}
