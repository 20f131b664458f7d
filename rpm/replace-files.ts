import { RpmHeaderParseError } from '../model/parse-errors.ts';
import { findNumbers, findTexts, type HeaderBlob } from './header-blob.ts';
import { readFileList } from './header-files.ts';
import { HEADER_REGIONS, type TagChange, writeHeader } from './header-writer.ts';

/** What a header says of a packaged file's content. */
export interface FileChange {
  readonly sizeBytes: number;
  /** In hexadecimal, of the package's own algorithm. */
  readonly digest: string;
}

/** Algorithms by which rpm knows payloads and headers, as Node.js names them. */
export type RpmHash = 'sha1' | 'sha256' | 'sha512' | 'sha3-256';

/** One form of a payload. */
export interface PayloadForm {
  readonly sizeBytes: number;
  /** In hexadecimal. */
  readonly digests: ReadonlyMap<RpmHash, string>;
}

/** A payload that was written anew. */
export interface NewPayload {
  readonly compressed: PayloadForm;
  readonly plain: PayloadForm;
}

type Form = keyof NewPayload;

const TAG = {
  size: 1009,
  longSize: 5009,
  fileSizes: 1028,
  longFileSizes: 5008,
  fileDigests: 1035,
  payloadDigestAlgorithm: 5093,
} as const;
const SHA256_NUMBER = 8;

/** Formats 4 and, from 5112 on, 6. */
const PAYLOAD_DIGESTS: readonly (readonly [tag: number, form: Form, hash: RpmHash])[] = [
  [5092, 'compressed', 'sha256'],
  [5097, 'plain', 'sha256'],
  [5121, 'compressed', 'sha512'],
  [5122, 'plain', 'sha512'],
  [5123, 'compressed', 'sha3-256'],
  [5124, 'plain', 'sha3-256'],
];
const PAYLOAD_SIZES: readonly (readonly [tag: number, form: Form])[] = [
  [5112, 'compressed'],
  [5113, 'plain'],
];

/** The digests that a header has of its payload; the new payload must have them in both forms. */
export function listPayloadHashes(main: HeaderBlob): readonly RpmHash[] {
  const found = PAYLOAD_DIGESTS.filter(([tag]) => main.entries.has(tag));
  return [...new Set(found.map(([, , hash]) => hash))];
}

/**
 * Writes the main header of a package of which some files have other content now.
 *
 * @param files By path.
 * @throws {RpmHeaderParseError} If the header has a digest of the payload that nobody knows.
 * @see rpm 4.18 build/pack.c, build/files.c; rpm 6.0 docs/manual/format_v6.md
 */
export function rewriteMainHeader(
  main: HeaderBlob,
  files: ReadonlyMap<string, FileChange>,
  payload: NewPayload,
): Uint8Array {
  const algorithm = findNumbers(main, TAG.payloadDigestAlgorithm)?.[0] ?? SHA256_NUMBER;
  if (algorithm !== SHA256_NUMBER) {
    throw new RpmHeaderParseError(`expected a SHA-256 of the payload, found ${algorithm}`);
  }
  const list = readFileList(main);
  const sizes = list.map(({ path, sizeBytes }) => files.get(path)?.sizeBytes ?? sizeBytes);
  const digests = list.map(({ path, digest }) => files.get(path)?.digest ?? digest);
  const grownBytes = list.reduce((sum, { sizeBytes }, i) => sum + (sizes[i] ?? 0) - sizeBytes, 0);
  const total = findNumbers(main, TAG.longSize) ?? findNumbers(main, TAG.size) ?? [0];
  const changes: (readonly [number, TagChange])[] = [
    [TAG.fileSizes, sizes],
    [TAG.longFileSizes, sizes],
    [TAG.fileDigests, digests],
    [TAG.size, [(total[0] ?? 0) + grownBytes]],
    [TAG.longSize, [(total[0] ?? 0) + grownBytes]],
    ...PAYLOAD_DIGESTS.map(([tag, form, hash]) => {
      return [tag, [payload[form].digests.get(hash) ?? '']] as const;
    }),
    ...PAYLOAD_SIZES.map(([tag, form]) => [tag, [payload[form].sizeBytes]] as const),
  ];
  return writeHeader(main, HEADER_REGIONS.main, new Map(changes));
}

/** What a signature header is made of. */
export interface SignatureFacts {
  /** Digest of the new main header, in hexadecimal. */
  readonly digestHeader: (hash: RpmHash) => string;
  /** Of header and payload; for packages that have one. */
  readonly md5: Uint8Array;
  readonly headerBytes: number;
  readonly payload: NewPayload;
}

const SIGNATURE_TAG = {
  longSize: 270,
  longArchiveSize: 271,
  size: 1000,
  payloadSize: 1007,
} as const;
const HEADER_DIGESTS: readonly (readonly [tag: number, hash: RpmHash])[] = [
  [269, 'sha1'],
  [273, 'sha256'],
  [279, 'sha3-256'],
];
const MD5_TAG = 1004;
/** Room for a signature; of format 6 and of format 4. */
const ROOM_TAGS = [999, 1008];
/** Signatures of what is not any more: OpenPGP, IMA, fs-verity. */
const SIGNATURES = [267, 268, 274, 275, 276, 277, 278, 1002, 1005];

/** Whether a signature header has an MD5, which a machine in FIPS mode cannot make. */
export function hasMd5(signature: HeaderBlob): boolean {
  return signature.entries.has(MD5_TAG);
}

/**
 * Writes the signature header that fits a main header and payload, with digests and without signatures.
 *
 * @returns With the padding that the main header follows.
 * @throws {RpmHeaderParseError} If the old one has anything that is not known.
 */
export function rewriteSignatureHeader(signature: HeaderBlob, facts: SignatureFacts): Uint8Array {
  const sizeBytes = facts.headerBytes + facts.payload.compressed.sizeBytes;
  const archiveBytes = facts.payload.plain.sizeBytes;
  const changes = new Map<number, TagChange>([
    [SIGNATURE_TAG.size, [sizeBytes]],
    [SIGNATURE_TAG.longSize, [sizeBytes]],
    [SIGNATURE_TAG.payloadSize, [archiveBytes]],
    [SIGNATURE_TAG.longArchiveSize, [archiveBytes]],
    [MD5_TAG, facts.md5],
    ...HEADER_DIGESTS.filter(([tag]) => signature.entries.has(tag)).map(
      ([tag, hash]) => [tag, [facts.digestHeader(hash)]] as const,
    ),
    ...SIGNATURES.map((tag) => [tag, undefined] as const),
  ]);
  for (const { tag } of signature.entries.values()) {
    if (changes.has(tag) || ROOM_TAGS.includes(tag)) continue;
    throw new RpmHeaderParseError(`expected known tags in the signature header, found ${tag}`);
  }
  const header = writeHeader(signature, HEADER_REGIONS.signature, changes);
  const padded = new Uint8Array(Math.ceil(header.length / 8) * 8);
  padded.set(header);
  return padded;
}

/** How a package's payload is compressed: rpm's level and options, e.g. `9`, `19T8`; empty if not said. */
export function readPayloadFlags(main: HeaderBlob): string {
  return findTexts(main, 1126)?.[0] ?? '';
}
