import { KernelImageParseError } from '../model/parse-errors.ts';

/** The compressed kernel inside a `vmlinuz`. */
export interface ImagePayload {
  readonly format: 'gz' | 'xz' | 'zst' | 'lz4' | 'bz2' | 'plain';
  /** What is to be decompressed; a view of the file. */
  readonly bytes: Uint8Array;
}

const HEADER_MAGIC_AT = 0x202;
const HEADER_MAGIC = 'HdrS';
const PROTOCOL_AT = 0x206;
/** The fields of the payload exist since protocol 2.08 (Linux 2.6.26). */
const PROTOCOL_MIN = 0x0208;
const SETUP_SECTORS_AT = 0x1f1;
const PAYLOAD_OFFSET_AT = 0x248;
const PAYLOAD_LENGTH_AT = 0x24c;
const HEADER_BYTES = 0x250;
const SECTOR_BYTES = 512;
/** The build appends the unpacked size to each format but gzip, which ends with it anyway. */
const SIZE_BYTES = 4;

/** By the first bytes; `lzma` is unpacked by xz as well. */
const MAGICS: readonly (readonly [ImagePayload['format'], readonly number[]])[] = [
  ['gz', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['xz', [0x5d, 0x00, 0x00]],
  ['zst', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x02, 0x21, 0x4c, 0x18]],
  ['bz2', [0x42, 0x5a, 0x68]],
  ['plain', [0x7f, 0x45, 0x4c, 0x46]],
];

/** Whether a file is an x86 `bzImage` by its magic. */
export function isBzImage(bytes: Uint8Array): boolean {
  return readAscii(bytes, HEADER_MAGIC_AT, HEADER_MAGIC.length) === HEADER_MAGIC;
}

/**
 * Finds the compressed kernel in an x86 `vmlinuz` (bzImage).
 *
 * @param bytes The whole file, about 8 to 15 MB.
 * @throws {KernelImageParseError} If it is no bzImage, older than protocol 2.08, cut, or compressed otherwise.
 * @see Linux 6.1 Documentation/x86/boot.rst, fields setup_sects, payload_offset, payload_length
 */
export function findPayload(bytes: Uint8Array): ImagePayload {
  if (bytes.length < HEADER_BYTES || !isBzImage(bytes)) {
    throw new KernelImageParseError('expected an x86 bzImage, found another file');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const protocol = view.getUint16(PROTOCOL_AT, true);
  if (protocol < PROTOCOL_MIN) {
    const found = `0x${protocol.toString(16).padStart(4, '0')}`;
    throw new KernelImageParseError(`expected boot protocol 0x0208 or later, found ${found}`);
  }
  const setupBytes = ((bytes[SETUP_SECTORS_AT] || 4) + 1) * SECTOR_BYTES;
  const start = setupBytes + view.getUint32(PAYLOAD_OFFSET_AT, true);
  const length = view.getUint32(PAYLOAD_LENGTH_AT, true);
  if (length <= SIZE_BYTES || start + length > bytes.length) {
    const found = `${length} at ${start} of ${bytes.length}`;
    throw new KernelImageParseError(`expected a payload inside the file, found ${found}`);
  }
  const payload = bytes.subarray(start, start + length);
  const format = MAGICS.find(([, magic]) => magic.every((byte, at) => payload[at] === byte))?.[0];
  if (format === undefined) {
    const found = describeStart(payload);
    throw new KernelImageParseError(`expected a known compression, found bytes ${found}`);
  }
  const hasSize = format !== 'gz' && format !== 'plain';
  return { format, bytes: hasSize ? payload.subarray(0, -SIZE_BYTES) : payload };
}

function readAscii(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function describeStart(bytes: Uint8Array): string {
  const digits = [...bytes.subarray(0, 6)].map((byte) => byte.toString(16).padStart(2, '0'));
  return digits.join(' ');
}
