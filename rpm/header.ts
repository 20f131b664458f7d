import type { Nevra } from '../model/kernel.ts';
import { quoteExcerpt, RpmHeaderParseError } from '../model/parse-errors.ts';
import {
  findNumbers,
  findText,
  findTexts,
  HEADER_INTRO_BYTES,
  type HeaderBlob,
  type HeaderLimits,
  readHeaderBlob,
  readHeaderIntro,
} from './header-blob.ts';
import { type RpmFile, readFileList } from './header-files.ts';
import { type HeaderTags, readHeaderTags } from './header-tags.ts';
import { findIllegalPart } from './nevra.ts';

/** Something to read parts of, e.g. an open file. */
export interface ByteSource {
  readonly byteLength: number;
  /** Gives the bytes from `start` up to, not including, `end`. */
  slice(start: number, end: number): Promise<Uint8Array>;
}

/** What an RPM file says about itself. */
export interface RpmHeader extends PackageDependencies {
  /** The architecture of a source package is `src`. */
  readonly nevra: Nevra;
  /** File name of the source package; absent in a source package. */
  readonly sourceRpm?: string;
  readonly license?: string;
  readonly files: readonly RpmFile[];
  /** What the files' digests are, e.g. `sha256`. */
  readonly fileDigestAlgorithm: FileDigestAlgorithm;
  /** As rpm names it: `gzip`, `bzip2`, `xz`, `lzma`, `zstd`; `gzip` if it is not said. */
  readonly payloadCompressor: string;
  /** Where the compressed payload starts in the file, in bytes. */
  readonly payloadOffset: number;
  /** Whether there is a signature of header or payload; not whether it is good. */
  readonly hasSignature: boolean;
}

/** One entry of a package's provides or requires, e.g. `kernel-core-uname-r >= 5.14.0-611.el9`. */
export interface RpmDependency {
  readonly name: string;
  /** Empty if any version will do. */
  readonly op: '' | '<' | '<=' | '=' | '>=' | '>';
  /** Empty if any version will do. */
  readonly version: string;
}

/** A package's requires and provides, as its header or a repository's primary metadata have them. */
export interface PackageDependencies {
  readonly requires: readonly RpmDependency[];
  readonly provides: readonly RpmDependency[];
}

export type FileDigestAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'sha224';

const LEAD_BYTES = 96;
const LEAD_MAGIC = 0xedabeedb;
/** As hdrblobRead() has them. */
const SIGNATURE_LIMITS: HeaderLimits = { tags: 32, dataBytes: 64 * 1024 * 1024 };
/** rpm allows 256 MiB of data; a kernel's debuginfo, the largest there is, has 20 MB. */
const MAIN_LIMITS: HeaderLimits = { tags: 0xffff, dataBytes: 64 * 1024 * 1024 };
const DEPENDENCY_LIMIT = 1_000_000;

/** DSA, RSA, OpenPGP of the header; PGP, GPG of header and payload. */
const SIGNATURE_TAGS = [267, 268, 278, 1002, 1005];
const TAG = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  license: 1014,
  arch: 1022,
  sourceRpm: 1044,
  provideName: 1047,
  requireFlags: 1048,
  requireName: 1049,
  requireVersion: 1050,
  provideFlags: 1112,
  provideVersion: 1113,
  payloadFormat: 1124,
  payloadCompressor: 1125,
  fileDigestAlgorithm: 5011,
} as const;

/** RFC 4880 numbers; MD5 is meant where the tag is missing. */
const DIGEST_ALGORITHMS: ReadonlyMap<number, FileDigestAlgorithm> = new Map([
  [1, 'md5'],
  [2, 'sha1'],
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
  [11, 'sha224'],
]);
/** By RPMSENSE_LESS (2), RPMSENSE_GREATER (4) and RPMSENSE_EQUAL (8). */
const OPERATORS: ReadonlyMap<number, RpmDependency['op']> = new Map([
  [2, '<'],
  [4, '>'],
  [8, '='],
  [10, '<='],
  [12, '>='],
]);

/**
 * Reads lead and headers of an RPM file.
 *
 * Neither digests nor signatures are checked: `rpmkeys --checksig` does that before.
 *
 * @throws {RpmHeaderParseError} If it is no RPM file, cut short, or outside of rpm's own bounds.
 * @see rpm 4.18 lib/package.c, rpmpkgRead(); lib/header.c; docs/manual/format_v4.md
 */
export async function readRpmHeader(source: ByteSource): Promise<RpmHeader> {
  const { signature, main } = await readRpmParts(source);
  const { blob } = main;
  const format = findText(blob, TAG.payloadFormat) ?? 'cpio';
  if (format !== 'cpio') {
    throw new RpmHeaderParseError(`expected a cpio payload, found ${quoteExcerpt(format)}`);
  }
  const sourceRpm = findText(blob, TAG.sourceRpm);
  const license = findText(blob, TAG.license);
  return {
    nevra: readNevra(blob, sourceRpm === undefined),
    ...(sourceRpm === undefined ? {} : { sourceRpm }),
    ...(license === undefined ? {} : { license }),
    files: readFileList(blob),
    fileDigestAlgorithm: readDigestAlgorithm(blob),
    provides: readDependencies(blob, [TAG.provideName, TAG.provideFlags, TAG.provideVersion]),
    requires: readDependencies(blob, [TAG.requireName, TAG.requireFlags, TAG.requireVersion]),
    payloadCompressor: findText(blob, TAG.payloadCompressor) ?? 'gzip',
    payloadOffset: main.end,
    hasSignature: SIGNATURE_TAGS.some((tag) => signature.blob.entries.has(tag)),
  };
}

/**
 * Reads all tags of an RPM file's main header; see {@link readHeaderTags}.
 *
 * @throws {RpmHeaderParseError} As {@link readRpmHeader}.
 */
export async function readRpmTags(source: ByteSource): Promise<HeaderTags> {
  return readHeaderTags((await readRpmParts(source)).main.blob);
}

/** The parts of an RPM file in front of its payload. */
export interface RpmParts {
  readonly lead: Uint8Array;
  readonly signature: LocatedBlob;
  readonly main: LocatedBlob;
}

/** A header and where it stands. */
export interface LocatedBlob {
  readonly blob: HeaderBlob;
  /** The position behind it. */
  readonly end: number;
}

/**
 * Reads the headers of an RPM file without asking what they mean.
 *
 * @throws {RpmHeaderParseError} As {@link readRpmHeader}.
 */
export async function readRpmParts(source: ByteSource): Promise<RpmParts> {
  const lead = await requireBytes(source, 0, LEAD_BYTES);
  if (new DataView(lead.buffer, lead.byteOffset).getUint32(0) !== LEAD_MAGIC) {
    const found = quoteExcerpt(String.fromCharCode(...lead.subarray(0, 4)));
    throw new RpmHeaderParseError(`expected an RPM file, found one starting with ${found}`);
  }
  const signature = await readBlobAt(source, LEAD_BYTES, SIGNATURE_LIMITS);
  const main = await readBlobAt(source, Math.ceil(signature.end / 8) * 8, MAIN_LIMITS);
  return { lead, signature, main };
}

async function readBlobAt(
  source: ByteSource,
  start: number,
  limits: HeaderLimits,
): Promise<LocatedBlob> {
  const contentStart = start + HEADER_INTRO_BYTES;
  const intro = await requireBytes(source, start, contentStart);
  const { tagCount, byteCount } = readHeaderIntro(intro, limits);
  const end = contentStart + byteCount;
  return { blob: readHeaderBlob(await requireBytes(source, contentStart, end), tagCount), end };
}

async function requireBytes(source: ByteSource, start: number, end: number): Promise<Uint8Array> {
  if (end > source.byteLength) {
    throw new RpmHeaderParseError(`expected ${end} bytes, found ${source.byteLength}`);
  }
  const bytes = await source.slice(start, end);
  if (bytes.length !== end - start) {
    throw new RpmHeaderParseError(
      `expected ${end - start} bytes at ${start}, found ${bytes.length}`,
    );
  }
  return bytes;
}

function readNevra(blob: HeaderBlob, isSource: boolean): Nevra {
  const nevra = {
    name: findText(blob, TAG.name) ?? '',
    epoch: findNumbers(blob, TAG.epoch)?.[0] ?? 0,
    version: findText(blob, TAG.version) ?? '',
    release: findText(blob, TAG.release) ?? '',
    arch: isSource ? 'src' : (findText(blob, TAG.arch) ?? ''),
  };
  const illegal = findIllegalPart(nevra);
  if (illegal !== undefined) {
    const found = quoteExcerpt(String(nevra[illegal]));
    throw new RpmHeaderParseError(`expected a legal ${illegal}, found ${found}`);
  }
  return nevra;
}

function readDigestAlgorithm(blob: HeaderBlob): FileDigestAlgorithm {
  const number = findNumbers(blob, TAG.fileDigestAlgorithm)?.[0] ?? 1;
  const algorithm = DIGEST_ALGORITHMS.get(number);
  if (algorithm === undefined) {
    throw new RpmHeaderParseError(`expected a known file digest algorithm, found ${number}`);
  }
  return algorithm;
}

function readDependencies(
  blob: HeaderBlob,
  [nameTag, flagsTag, versionTag]: readonly [number, number, number],
): readonly RpmDependency[] {
  const names = findTexts(blob, nameTag) ?? [];
  const flags = findNumbers(blob, flagsTag) ?? [];
  const versions = findTexts(blob, versionTag) ?? [];
  if (names.length > DEPENDENCY_LIMIT) {
    throw new RpmHeaderParseError(`expected at most ${DEPENDENCY_LIMIT} dependencies, found more`);
  }
  if (names.length !== flags.length || names.length !== versions.length) {
    const found = `${names.length}, ${flags.length} and ${versions.length}`;
    throw new RpmHeaderParseError(`expected dependencies in three equal lists, found ${found}`);
  }
  return names.map((name, i) => {
    const op = OPERATORS.get((flags[i] ?? 0) & 0xe) ?? '';
    return { name, op, version: op === '' ? '' : (versions[i] ?? '') };
  });
}
