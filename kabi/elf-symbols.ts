import { ModuleParseError } from '../model/parse-errors.ts';
import { createNameReader, type ElfObject, type ElfReader, readWord, viewOf } from './elf.ts';

/** One symbol of an {@link ElfObject}. */
export interface ElfSymbol {
  /** Empty for section and file symbols. */
  readonly name: string;
  /** E.g. {@link STT_FUNC}. */
  readonly type: number;
  /** Offset in its section, or the value itself if absolute. */
  readonly value: number;
  /** 0 where the assembler was not told. */
  readonly sizeBytes: number;
  /** Index of its section, or {@link SHN_UNDEF}, {@link SHN_ABS}. */
  readonly sectionIndex: number;
  readonly isWeak: boolean;
}

/** The section index of an undefined symbol. */
export const SHN_UNDEF = 0;
/** The section index of an absolute symbol: its value is no offset. */
export const SHN_ABS = 0xfff1;
/** A symbol that names data. */
export const STT_OBJECT = 1;
/** A symbol that names a function. */
export const STT_FUNC = 2;

const STT_SECTION = 3;
const STT_FILE = 4;
const STB_WEAK = 2;
const SHT_SYMTAB = 2;
const SYMBOL_LIMIT = 500_000;
/** What the linker provides itself: the loader finds it, or knows to overlook it. */
const LINKER_SYMBOLS: ReadonlySet<string> = new Set(['_GLOBAL_OFFSET_TABLE_', '.TOC.']);

/**
 * Reads the symbol table.
 *
 * @returns In file order without the null symbol, so that the symbol of index n is at n - 1; empty
 *   if the object has no symbol table. amdgpu, the largest module of Linux 6.12, has 45,000.
 * @throws {ModuleParseError} If the table is cut, too long or points outside of its strings.
 * @see elf(5); Linux 6.1 include/uapi/linux/elf.h
 */
export function parseElfSymbols(elf: ElfObject): readonly ElfSymbol[] {
  const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
  if (table === undefined) return [];
  const names = elf.sections[table.link]?.bytes;
  const entryBytes = elf.is64Bit ? 24 : 16;
  const count = table.bytes.length / entryBytes;
  if (names === undefined || !Number.isInteger(count) || count > SYMBOL_LIMIT) {
    throw new ModuleParseError(
      `expected a table of at most ${SYMBOL_LIMIT} symbols of ${entryBytes} bytes with names, found ${table.bytes.length} bytes`,
    );
  }
  const read = { ...elf, view: viewOf(table.bytes) };
  const readNameAt = createNameReader(names);
  const symbols: ElfSymbol[] = [];
  for (let index = 1; index < count; index += 1) {
    symbols.push(readSymbol(read, index * entryBytes, readNameAt));
  }
  return symbols;
}

/**
 * Whether the loader has to find a symbol elsewhere.
 *
 * @see Linux 6.1 kernel/module/main.c, simplify_symbols() and ignore_undef_symbol();
 *   arch/powerpc/kernel/module_64.c, dedotify()
 */
export function isImported({ sectionIndex, name }: ElfSymbol): boolean {
  return sectionIndex === SHN_UNDEF && name !== '' && !LINKER_SYMBOLS.has(name);
}

function readSymbol(read: ElfReader, at: number, readNameAt: (start: number) => string): ElfSymbol {
  const { view, is64Bit, isLittleEndian } = read;
  const info = view.getUint8(at + (is64Bit ? 4 : 12));
  const type = info & 0xf;
  const hasName = type !== STT_SECTION && type !== STT_FILE;
  return {
    name: hasName ? readNameAt(view.getUint32(at, isLittleEndian)) : '',
    type,
    value: readWord(read, at + (is64Bit ? 8 : 4)),
    sizeBytes: readWord(read, at + (is64Bit ? 16 : 8)),
    sectionIndex: view.getUint16(at + (is64Bit ? 6 : 14), isLittleEndian),
    isWeak: info >> 4 === STB_WEAK,
  };
}
