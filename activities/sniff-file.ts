import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type CompressionFormat, decompress } from './decompress.ts';

/** What a file is by its first bytes, whatever it is called. */
export interface FileKind {
  readonly format: CompressionFormat;
  /** When unpacked; an RPM is no compressed file, though its payload is. */
  readonly content: 'rpm' | 'module' | 'xml' | 'text';
}

const MAGICS: readonly [format: CompressionFormat, magic: readonly number[]][] = [
  ['gz', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zst', [0x28, 0xb5, 0x2f, 0xfd]],
  ['bz2', [0x42, 0x5a, 0x68]],
];
const RPM_MAGIC = [0xed, 0xab, 0xee, 0xdb];
const ELF_MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const START_BYTES = 16;

/** Names the compression of data by its magic; `plain` for anything else. */
export function formatOfBytes(start: Uint8Array): CompressionFormat {
  return MAGICS.find(([, magic]) => startsWith(start, magic))?.[0] ?? 'plain';
}

/**
 * Looks at the first bytes of a file, and of what is in it if it is compressed.
 *
 * @param options.maxBytes More than this is refused when the first piece already unpacks to it.
 * @throws {DecompressError} If it is compressed and broken from the start.
 */
export async function sniffFile(
  path: string,
  options: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<FileKind> {
  const start = await readStart(path);
  if (startsWith(start, RPM_MAGIC)) return { format: 'plain', content: 'rpm' };
  const format = formatOfBytes(start);
  return { format, content: contentOf(await unpackStart(path, format, options)) };
}

async function readStart(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const bytes = new Uint8Array(START_BYTES);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
  return bytes.subarray(0, bytesRead);
}

async function unpackStart(
  path: string,
  format: CompressionFormat,
  options: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  for await (const chunk of decompress(format, createReadStream(path), options)) return chunk;
  return new Uint8Array(0);
}

function contentOf(start: Uint8Array): FileKind['content'] {
  if (startsWith(start, ELF_MAGIC)) return 'module';
  const text = new TextDecoder().decode(start.subarray(0, START_BYTES));
  return text.trimStart().startsWith('<') ? 'xml' : 'text';
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}
