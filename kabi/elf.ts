import { ModuleParseError, quoteExcerpt } from '../model/parse-errors.ts';

/** A relocatable ELF object (`ET_REL`), its sections located and bounded. */
export interface ElfObject {
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
  /** In file order; the first is the empty section 0. */
  readonly sections: readonly ElfSection[];
}

/** One section of an {@link ElfObject}. */
export interface ElfSection {
  /** E.g. `.modinfo`, `__versions`, `__kcrctab_gpl`. */
  readonly name: string;
  readonly type: number;
  /** For a symbol table the index of its string table. */
  readonly link: number;
  /** A view of the file, not a copy; empty for `SHT_NOBITS`. */
  readonly bytes: Uint8Array;
}

/** One symbol of an {@link ElfObject}. */
export interface ElfSymbol {
  /** Empty for section and file symbols. */
  readonly name: string;
  /** Offset in its section, or the value itself if absolute. */
  readonly value: number;
  /** Index of its section, or {@link SHN_UNDEF}, {@link SHN_ABS}. */
  readonly sectionIndex: number;
  readonly isWeak: boolean;
}

/** The section index of an undefined symbol. */
export const SHN_UNDEF = 0;
/** The section index of an absolute symbol: its value is no offset. */
export const SHN_ABS = 0xfff1;

const MAGIC = 0x7f454c46; // \x7fELF
const ET_REL = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const STB_WEAK = 2;
const STT_SECTION = 3;
const STT_FILE = 4;
const NAME_LENGTH_LIMIT = 1024;
const SYMBOL_LIMIT = 2_000_000;
/** Bounds the work on a string table that many symbols point into. */
const NAME_BYTES_LIMIT = 32 * 1024 * 1024;

/** Where the fields of the two ELF classes are. */
interface Layout {
  readonly headerBytes: number;
  readonly sectionOffset: number;
  readonly sectionCount: number;
  readonly sectionBytes: number;
  readonly symbolBytes: number;
}
const LAYOUT_32: Layout = {
  headerBytes: 52,
  sectionOffset: 32,
  sectionCount: 48,
  sectionBytes: 40,
  symbolBytes: 16,
};
const LAYOUT_64: Layout = {
  headerBytes: 64,
  sectionOffset: 40,
  sectionCount: 60,
  sectionBytes: 64,
  symbolBytes: 24,
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
  const read: Reader = { view, is64Bit, isLittleEndian };
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
  const sections = headers.map(({ nameOffset, type, link, bytes: content }) => ({
    name: readName(names, nameOffset),
    type,
    link,
    bytes: content,
  }));
  return { is64Bit, isLittleEndian, sections };
}

/**
 * Reads the symbol table.
 *
 * @returns In file order without the null symbol; empty if the object has no symbol table.
 * @throws {ModuleParseError} If the table is cut, too long or points outside of its strings.
 */
export function parseElfSymbols(elf: ElfObject): readonly ElfSymbol[] {
  const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
  if (table === undefined) return [];
  const names = elf.sections[table.link]?.bytes;
  const entryBytes = (elf.is64Bit ? LAYOUT_64 : LAYOUT_32).symbolBytes;
  const count = table.bytes.length / entryBytes;
  if (names === undefined || !Number.isInteger(count) || count > SYMBOL_LIMIT) {
    throw new ModuleParseError(
      `expected a symbol table of ${entryBytes}-byte entries with names, found ${table.bytes.length} bytes`,
    );
  }
  const view = viewOf(table.bytes);
  const symbols: ElfSymbol[] = [];
  let nameBytes = 0;
  for (let index = 1; index < count; index += 1) {
    const symbol = readSymbol({ ...elf, view }, index * entryBytes, names);
    nameBytes += symbol.name.length;
    if (nameBytes > NAME_BYTES_LIMIT) {
      throw new ModuleParseError(`expected at most ${NAME_BYTES_LIMIT} bytes of names, found more`);
    }
    symbols.push(symbol);
  }
  return symbols;
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

/** A view of exactly these bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface Reader {
  readonly view: DataView;
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
}

/** An address-sized number; beyond 2^53 it is inexact, which no bound lets through. */
function readWord(read: Reader, offset: number): number {
  const { view, isLittleEndian } = read;
  if (!read.is64Bit) return view.getUint32(offset, isLittleEndian);
  const low = view.getUint32(offset + (isLittleEndian ? 0 : 4), isLittleEndian);
  const high = view.getUint32(offset + (isLittleEndian ? 4 : 0), isLittleEndian);
  return high * 2 ** 32 + low;
}

function readSectionHeader(read: Reader, at: number) {
  const { view, is64Bit, isLittleEndian } = read;
  const type = view.getUint32(at + 4, isLittleEndian);
  const offset = readWord(read, at + (is64Bit ? 24 : 16));
  const sizeBytes = readWord(read, at + (is64Bit ? 32 : 20));
  // The null section has no content; its fields may serve extended numbering.
  const isEmpty = type === SHT_NOBITS || type === 0;
  if (!isEmpty) requireRange('section', offset, sizeBytes, view.byteLength);
  const start = view.byteOffset + offset;
  return {
    nameOffset: view.getUint32(at, isLittleEndian),
    type,
    link: view.getUint32(at + (is64Bit ? 40 : 24), isLittleEndian),
    bytes: isEmpty ? new Uint8Array(0) : new Uint8Array(view.buffer, start, sizeBytes),
  };
}

function readSymbol(read: Reader, at: number, names: Uint8Array): ElfSymbol {
  const { view, is64Bit, isLittleEndian } = read;
  const info = view.getUint8(at + (is64Bit ? 4 : 12));
  const type = info & 0xf;
  const hasName = type !== STT_SECTION && type !== STT_FILE;
  return {
    name: hasName ? readName(names, view.getUint32(at, isLittleEndian)) : '',
    value: readWord(read, at + (is64Bit ? 8 : 4)),
    sectionIndex: view.getUint16(at + (is64Bit ? 6 : 14), isLittleEndian),
    isWeak: info >> 4 === STB_WEAK,
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
