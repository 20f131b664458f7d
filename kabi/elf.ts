import { ModuleParseError, quoteExcerpt } from '../model/parse-errors.ts';

/** A relocatable ELF object (`ET_REL`), its sections located and bounded. */
export interface ElfObject {
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
  /** The processor, `e_machine`, e.g. 62 for x86_64. */
  readonly machine: number;
  /** In file order; the first is the empty section 0. */
  readonly sections: readonly ElfSection[];
}

/** One section of an {@link ElfObject}. */
export interface ElfSection {
  /** E.g. `.modinfo`, `__versions`, `__kcrctab_gpl`. */
  readonly name: string;
  readonly type: number;
  /** Bits such as {@link SHF_ALLOC}; the lower 32 of them. */
  readonly flags: number;
  /** For a symbol table the index of its string table, for relocations that of their symbol table. */
  readonly link: number;
  /** For relocations the index of the section that they are applied to. */
  readonly info: number;
  /** A view of the file, not a copy; empty for `SHT_NOBITS`. */
  readonly bytes: Uint8Array;
}

/** The section takes memory in the running kernel; the loader overlooks sections without it. */
export const SHF_ALLOC = 2;
/** The section holds instructions. */
export const SHF_EXECINSTR = 4;

const MAGIC = 0x7f454c46; // \x7fELF
const ET_REL = 1;
const SHT_NOBITS = 8;
const NAME_LENGTH_LIMIT = 1024;
const NAME_BYTES_LIMIT = 32 * 1024 * 1024;

/** Where the fields of the two ELF classes are. */
interface Layout {
  readonly headerBytes: number;
  readonly sectionOffset: number;
  readonly sectionCount: number;
  readonly sectionBytes: number;
}
const LAYOUT_32: Layout = {
  headerBytes: 52,
  sectionOffset: 32,
  sectionCount: 48,
  sectionBytes: 40,
};
const LAYOUT_64: Layout = {
  headerBytes: 64,
  sectionOffset: 40,
  sectionCount: 60,
  sectionBytes: 64,
};

/**
 * Reads the section table of a kernel module: 32 or 64 bit, either byte order.
 *
 * @param bytes The whole file; an appended signature does no harm.
 * @throws {ModuleParseError} If it is no `ET_REL` object, compressed, or points outside of itself.
 * @see elf(5); Linux 6.1 kernel/module/main.c, elf_validity_check()
 */
export function parseElf(bytes: Uint8Array): ElfObject {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.byteLength < LAYOUT_32.headerBytes || view.getUint32(0) !== MAGIC) {
    throw new ModuleParseError(`expected an ELF file, found ${describeStart(bytes)}`);
  }
  const is64Bit = requireOneOf('ELF class', view.getUint8(4), [1, 2]) === 2;
  const isLittleEndian = requireOneOf('byte order', view.getUint8(5), [1, 2]) === 1;
  const layout = is64Bit ? LAYOUT_64 : LAYOUT_32;
  if (view.byteLength < layout.headerBytes) {
    throw new ModuleParseError(
      `expected ${layout.headerBytes} header bytes, found ${bytes.length}`,
    );
  }
  requireOneOf('object type', view.getUint16(16, isLittleEndian), [ET_REL]);
  const read: ElfReader = { view, is64Bit, isLittleEndian };
  const tableOffset = readWord(read, layout.sectionOffset);
  const count = view.getUint16(layout.sectionCount, isLittleEndian);
  const namesIndex = view.getUint16(layout.sectionCount + 2, isLittleEndian);
  requireOneOf('section entry size', view.getUint16(layout.sectionCount - 2, isLittleEndian), [
    layout.sectionBytes,
  ]);
  requireRange('section table', tableOffset, count * layout.sectionBytes, bytes.length);
  const headers = Array.from({ length: count }, (_, index) =>
    readSectionHeader(read, tableOffset + index * layout.sectionBytes),
  );
  const names = headers[namesIndex]?.bytes;
  if (names === undefined) {
    throw new ModuleParseError(
      `expected a section ${namesIndex} of names, found ${count} sections`,
    );
  }
  const readNameAt = createNameReader(names);
  const sections = headers.map(({ nameOffset, ...section }) => ({
    name: readNameAt(nameOffset),
    ...section,
  }));
  return { is64Bit, isLittleEndian, machine: view.getUint16(18, isLittleEndian), sections };
}

/**
 * Reads a NUL-terminated text of single-byte characters.
 *
 * @throws {ModuleParseError} If it starts outside, or has no end within 1024 bytes.
 */
export function readName(bytes: Uint8Array, start: number): string {
  const limit = Math.min(bytes.length, start + NAME_LENGTH_LIMIT);
  let end = start;
  while (end < limit && bytes[end] !== 0) end += 1;
  if (end >= limit) {
    throw new ModuleParseError(`expected a terminated name at ${start}, found none by ${limit}`);
  }
  return String.fromCharCode(...bytes.subarray(start, end));
}

/**
 * Creates a reader of a string table: {@link readName} with a bound on all names together, since any
 * number of entries may point at one long name.
 */
export function createNameReader(strings: Uint8Array): (start: number) => string {
  let nameBytes = 0;
  return (start) => {
    const name = readName(strings, start);
    nameBytes += name.length;
    if (nameBytes > NAME_BYTES_LIMIT) {
      throw new ModuleParseError(`expected at most ${NAME_BYTES_LIMIT} bytes of names, found more`);
    }
    return name;
  };
}

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What is needed to read the numbers of an {@link ElfObject}. */
export interface ElfReader {
  readonly view: DataView;
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
}

/** Reads an address-sized number; beyond 2^53 it is inexact, which no bound lets through. */
export function readWord({ view, is64Bit, isLittleEndian }: ElfReader, offset: number): number {
  if (!is64Bit) return view.getUint32(offset, isLittleEndian);
  const low = view.getUint32(offset + (isLittleEndian ? 0 : 4), isLittleEndian);
  const high = view.getUint32(offset + (isLittleEndian ? 4 : 0), isLittleEndian);
  return high * 2 ** 32 + low;
}

function readSectionHeader(read: ElfReader, at: number) {
  const { view, is64Bit, isLittleEndian } = read;
  const type = view.getUint32(at + 4, isLittleEndian);
  const offset = readWord(read, at + (is64Bit ? 24 : 16));
  const sizeBytes = readWord(read, at + (is64Bit ? 32 : 20));
  // The null section has no content; its fields may serve extended numbering.
  const isEmpty = type === SHT_NOBITS || type === 0;
  if (!isEmpty) requireRange('section', offset, sizeBytes, view.byteLength);
  const start = view.byteOffset + offset;
  // The flags are a word; the lower half of a big one comes last.
  const flagsAt = at + (is64Bit && !isLittleEndian ? 12 : 8);
  const linkAt = at + (is64Bit ? 40 : 24);
  return {
    nameOffset: view.getUint32(at, isLittleEndian),
    type,
    flags: view.getUint32(flagsAt, isLittleEndian),
    link: view.getUint32(linkAt, isLittleEndian),
    info: view.getUint32(linkAt + 4, isLittleEndian),
    bytes: isEmpty ? new Uint8Array(0) : new Uint8Array(view.buffer, start, sizeBytes),
  };
}

function requireOneOf(what: string, found: number, expected: readonly number[]): number {
  if (!expected.includes(found)) {
    throw new ModuleParseError(`expected ${what} ${expected.join(' or ')}, found ${found}`);
  }
  return found;
}

function requireRange(what: string, offset: number, sizeBytes: number, fileBytes: number): void {
  if (offset + sizeBytes > fileBytes) {
    throw new ModuleParseError(
      `expected a ${what} within ${fileBytes} bytes, found ${sizeBytes} bytes at ${offset}`,
    );
  }
}

/** Names a compressed module for what it is: the commonest mistake. */
function describeStart(bytes: Uint8Array): string {
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (start.startsWith('\x1f\x8b')) return 'gzip data';
  if (start === '\xfd7zX') return 'xz data';
  if (start === '\x28\xb5\x2f\xfd') return 'zstd data';
  return `${bytes.length} bytes starting with ${quoteExcerpt(start)}`;
}
