import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Nevra } from '../../model/kernel.ts';
import { type CpioEntry, writeCpio } from '../../rpm/cpio-writer.ts';
import { HEADER_REGIONS, writeHeader } from '../../rpm/header-writer.ts';
import { type HeaderTag, makeHeaderBlob, TagType } from './header-tags.ts';

/** What a made package says and holds. */
export interface MadePackage {
  readonly nevra: Nevra;
  readonly summary: string;
  readonly files: readonly MadeFile[];
  readonly provides?: readonly MadeDependency[];
  readonly requires?: readonly MadeDependency[];
}

/** A file, or a symbolic link where there is a target. */
export interface MadeFile {
  /** Absolute, e.g. `/lib/modules/5.14.0-7.el9.x86_64/extra/fast-1/fast_1.ko`. */
  readonly path: string;
  readonly bytes?: Uint8Array;
  readonly target?: string;
}

/** `[name, version]`, which means `=` that version; without one any version. */
export type MadeDependency = readonly [name: string, version?: string];

const LEAD_BYTES = 96;
const SENSE_EQUAL = 8;
/** RPMSENSE_RPMLIB with `<=`. */
const SENSE_RPMLIB = 0x0100000a;
const RPMLIB: readonly (readonly [string, string])[] = [
  ['rpmlib(CompressedFileNames)', '3.0.4-1'],
  ['rpmlib(FileDigests)', '4.6.0-1'],
  ['rpmlib(PayloadFilesHavePrefix)', '4.0-1'],
];
const SHA256_NUMBER = 8;
/** So that equal input gives equal bytes: 2026-11-23. */
const BUILD_TIME_S = 1_795_392_000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;

/**
 * Makes a binary RPM without rpmbuild, in about a millisecond: rpm, createrepo_c and dnf take it as one
 * of rpmbuild's, which is not signed.
 *
 * @see rpm 4.18 docs/manual/format_v4.md; include/rpm/rpmtag.h
 */
export function makeRpm(made: MadePackage): Uint8Array {
  const plain = writeCpio(made.files.map(toEntry));
  const payload = gzipSync(plain, { level: 1 });
  const main = writeHeader(
    makeHeaderBlob([
      ...listPreamble(made),
      ...listFiles(made.files),
      ...listPayload(plain, payload),
    ]),
    HEADER_REGIONS.main,
    new Map(),
  );
  const signature = writeHeader(
    makeHeaderBlob([
      [269, TagType.text, [hash('sha1', main).toString('hex')]],
      [273, TagType.text, [hash('sha256', main).toString('hex')]],
      [1000, TagType.int32, [main.length + payload.length]],
      [1004, TagType.bytes, hash('md5', main, payload)],
      [1007, TagType.int32, [plain.length]],
    ]),
    HEADER_REGIONS.signature,
    new Map(),
  );
  const gap = new Uint8Array((8 - (signature.length % 8)) % 8);
  return Buffer.concat([makeLead(made.nevra), signature, gap, main, payload]);
}

function toEntry({ path, bytes = new Uint8Array(0), target }: MadeFile): CpioEntry {
  if (target !== undefined) return { kind: 'link', path: `.${path}`, target };
  return { kind: 'file', path: `.${path}`, bytes };
}

function listPreamble({ nevra, summary, provides = [], requires = [] }: MadePackage): HeaderTag[] {
  const { name, epoch, version, release, arch } = nevra;
  const evr = `${epoch === 0 ? '' : `${epoch}:`}${version}-${release}`;
  const given: readonly MadeDependency[] = [[name, evr], ...provides];
  const wanted = requires.map((dependency) => [...toTriple(dependency)] as const);
  const rpmlib = RPMLIB.map(([lib, since]) => [lib, SENSE_RPMLIB, since] as const);
  const all = [...wanted, ...rpmlib];
  return [
    [100, TagType.texts, ['C']],
    [1000, TagType.text, [name]],
    [1001, TagType.text, [version]],
    [1002, TagType.text, [release]],
    ...(epoch === 0 ? [] : [[1003, TagType.int32, [epoch]] as const]),
    [1004, TagType.local, [summary]],
    [1005, TagType.local, [summary]],
    [1006, TagType.int32, [BUILD_TIME_S]],
    [1007, TagType.text, ['rekmod']],
    [1014, TagType.text, ['GPL-2.0-only']],
    [1016, TagType.local, ['Unspecified']],
    [1021, TagType.text, ['linux']],
    [1022, TagType.text, [arch]],
    [1044, TagType.text, [`${name}-${version}-${release}.src.rpm`]],
    [1047, TagType.texts, given.map(([text]) => text)],
    [1112, TagType.int32, given.map(([, since]) => (since === undefined ? 0 : SENSE_EQUAL))],
    [1113, TagType.texts, given.map(([, since = '']) => since)],
    [1048, TagType.int32, all.map(([, sense]) => sense)],
    [1049, TagType.texts, all.map(([text]) => text)],
    [1050, TagType.texts, all.map(([, , since]) => since)],
    [1064, TagType.text, ['4.18.0']],
    [1132, TagType.text, [`${arch}-redhat-linux-gnu`]],
    [5062, TagType.text, ['utf-8']],
  ];
}

function toTriple([name, version]: MadeDependency): readonly [string, number, string] {
  return version === undefined ? [name, 0, ''] : [name, SENSE_EQUAL, version];
}

function listFiles(files: readonly MadeFile[]): HeaderTag[] {
  if (files.length === 0) return [[1009, TagType.int32, [0]]];
  const sizes = files.map(({ bytes, target }) => target?.length ?? bytes?.length ?? 0);
  const folders = [...new Set(files.map(({ path }) => folderOf(path)))];
  const each = <Value>(value: Value): Value[] => files.map(() => value);
  return [
    [1009, TagType.int32, [sizes.reduce((sum, size) => sum + size, 0)]],
    [1028, TagType.int32, sizes],
    [
      1030,
      TagType.int16,
      files.map(({ target }) => (target === undefined ? S_IFREG | 0o644 : S_IFLNK | 0o777)),
    ],
    [1033, TagType.int16, each(0)],
    [1034, TagType.int32, each(BUILD_TIME_S)],
    [
      1035,
      TagType.texts,
      files.map(({ bytes, target }) =>
        target === undefined ? hash('sha256', bytes ?? '').toString('hex') : '',
      ),
    ],
    [1036, TagType.texts, files.map(({ target = '' }) => target)],
    [1037, TagType.int32, each(0)],
    [1039, TagType.texts, each('root')],
    [1040, TagType.texts, each('root')],
    [1045, TagType.int32, each(0xffffffff)],
    [1095, TagType.int32, each(1)],
    [1096, TagType.int32, files.map((_, index) => index + 1)],
    [1097, TagType.texts, each('')],
    [1116, TagType.int32, files.map(({ path }) => folders.indexOf(folderOf(path)))],
    [1117, TagType.texts, files.map(({ path }) => path.slice(folderOf(path).length))],
    [1118, TagType.texts, folders],
    [5011, TagType.int32, [SHA256_NUMBER]],
  ];
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function listPayload(plain: Uint8Array, payload: Uint8Array): HeaderTag[] {
  return [
    [1124, TagType.text, ['cpio']],
    [1125, TagType.text, ['gzip']],
    [1126, TagType.text, ['1']],
    [5092, TagType.texts, [hash('sha256', payload).toString('hex')]],
    [5093, TagType.int32, [SHA256_NUMBER]],
    [5097, TagType.texts, [hash('sha256', plain).toString('hex')]],
  ];
}

function makeLead({ name, version, release }: Nevra): Uint8Array {
  const lead = Buffer.alloc(LEAD_BYTES);
  lead.writeUInt32BE(0xedabeedb, 0);
  lead.set([3, 0], 4);
  lead.writeUInt16BE(1, 8);
  lead.write(`${name}-${version}-${release}`.slice(0, 65), 10, 'latin1');
  lead.writeUInt16BE(1, 76);
  lead.writeUInt16BE(5, 78);
  return lead;
}

function hash(algorithm: string, ...pieces: readonly (Uint8Array | string)[]): Buffer {
  const sum = createHash(algorithm);
  for (const piece of pieces) sum.update(piece);
  return sum.digest();
}
