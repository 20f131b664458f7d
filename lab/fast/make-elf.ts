/** What a made ELF object holds; enough to be a kernel module. */
export interface ElfParts {
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
  /** `e_machine`, x86_64 unless told. */
  readonly machine?: number;
  readonly sections: readonly MadeSection[];
  readonly symbols: readonly MadeSymbol[];
}

type ElfReaderParts = Pick<ElfParts, 'is64Bit' | 'isLittleEndian'>;

export interface MadeSection {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** `SHT_PROGBITS` unless told. */
  readonly type?: number;
  /** `SHF_ALLOC` unless told. */
  readonly flags?: number;
  /** The name of the section that relocations are for. */
  readonly relocates?: string;
}

export interface MadeSymbol {
  readonly name: string;
  /** A section's name, or `undefined` or `absolute`. */
  readonly section: string;
  readonly value?: number;
  readonly sizeBytes?: number;
  readonly type?: number;
  readonly isWeak?: boolean;
}

const SYMTAB = 2;
const PROGBITS = 1;
const ALLOC = 2;
const X86_64 = 62;

/** Writes a relocatable ELF object of either class and byte order. */
export function makeElf(parts: ElfParts): Uint8Array {
  const { is64Bit, isLittleEndian, sections, symbols } = parts;
  const names = [...sections.map(({ name }) => name), '.symtab', '.strtab'];
  const strings = makeStrings([...names, ...symbols.map(({ name }) => name)]);
  const table = makeSymbolTable(parts, strings.offsets);
  const contents = [...sections.map(({ bytes }) => bytes), table, strings.bytes];
  const headerBytes = is64Bit ? 64 : 52;
  const entryBytes = is64Bit ? 64 : 40;
  const contentBytes = contents.reduce((sum, content) => sum + content.length, 0);
  const out = new Writer(
    headerBytes + contentBytes + (contents.length + 1) * entryBytes,
    isLittleEndian,
  );
  out.bytes.set([0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, isLittleEndian ? 1 : 2, 1]);
  out.u16(16, 1);
  out.u16(18, parts.machine ?? X86_64);
  const tableAt = headerBytes + contentBytes;
  out.word(is64Bit ? 40 : 32, tableAt, is64Bit);
  out.u16(is64Bit ? 58 : 46, entryBytes);
  out.u16(is64Bit ? 60 : 48, contents.length + 1);
  out.u16(is64Bit ? 62 : 50, contents.length);
  let offset = headerBytes;
  contents.forEach((content, i) => {
    const at = tableAt + (i + 1) * entryBytes;
    const isSymbolTable = i === sections.length;
    const { type = isSymbolTable ? SYMTAB : PROGBITS, flags, relocates } = sections[i] ?? {};
    out.bytes.set(content, offset);
    out.u32(at, strings.offsets.get(names[i] ?? '') ?? 0);
    out.u32(at + 4, type);
    out.word(at + 8, flags ?? ALLOC, is64Bit);
    out.word(at + (is64Bit ? 24 : 16), offset, is64Bit);
    out.word(at + (is64Bit ? 32 : 20), content.length, is64Bit);
    out.u32(at + (is64Bit ? 40 : 24), contents.length);
    out.u32(at + (is64Bit ? 44 : 28), names.indexOf(relocates ?? '') + 1);
    offset += content.length;
  });
  return out.bytes;
}

function makeSymbolTable(
  { is64Bit, isLittleEndian, sections, symbols }: ElfParts,
  nameOffsets: ReadonlyMap<string, number>,
): Uint8Array {
  const symbolBytes = is64Bit ? 24 : 16;
  const out = new Writer((symbols.length + 1) * symbolBytes, isLittleEndian);
  symbols.forEach(({ name, section, value = 0, sizeBytes = 0, type = 0, isWeak }, i) => {
    const at = (i + 1) * symbolBytes;
    const index = sections.findIndex((found) => found.name === section) + 1;
    out.u32(at, nameOffsets.get(name) ?? 0);
    out.u8(at + (is64Bit ? 4 : 12), ((isWeak ? 2 : 1) << 4) | type);
    out.u16(at + (is64Bit ? 6 : 14), section === 'absolute' ? 0xfff1 : index);
    out.word(at + (is64Bit ? 8 : 4), value, is64Bit);
    out.word(at + (is64Bit ? 16 : 8), sizeBytes, is64Bit);
  });
  return out.bytes;
}

/** Writes entries of `SHT_RELA` or, without addends, of `SHT_REL`. */
export function makeRelocations(
  relocations: readonly (readonly [offset: number, symbolIndex: number])[],
  { is64Bit, isLittleEndian, hasAddends }: ElfReaderParts & { readonly hasAddends: boolean },
): Uint8Array {
  const wordBytes = is64Bit ? 8 : 4;
  const entryBytes = wordBytes * (hasAddends ? 3 : 2);
  const out = new Writer(relocations.length * entryBytes, isLittleEndian);
  relocations.forEach(([offset, symbolIndex], i) => {
    const at = i * entryBytes;
    out.word(at, offset, is64Bit);
    out.word(at + wordBytes, symbolIndex * (is64Bit ? 2 ** 32 : 2 ** 8) + 4, is64Bit);
  });
  return out.bytes;
}

/** Writes `__versions` entries. */
export function makeVersions(
  imports: readonly (readonly [symbol: string, crc: number])[],
  { is64Bit, isLittleEndian }: ElfReaderParts,
): Uint8Array {
  const out = new Writer(imports.length * 64, isLittleEndian);
  imports.forEach(([symbol, crc], i) => {
    out.word(i * 64, crc, is64Bit);
    out.bytes.set(Buffer.from(symbol), i * 64 + (is64Bit ? 8 : 4));
  });
  return out.bytes;
}

export function makeCrcs(crcs: readonly number[], isLittleEndian: boolean): Uint8Array {
  const out = new Writer(crcs.length * 4, isLittleEndian);
  crcs.forEach((crc, i) => {
    out.u32(i * 4, crc);
  });
  return out.bytes;
}

function makeStrings(texts: readonly string[]) {
  const offsets = new Map<string, number>();
  let all = '\0';
  for (const text of texts) {
    offsets.set(text, all.length);
    all += `${text}\0`;
  }
  return { offsets, bytes: new Uint8Array(Buffer.from(all, 'latin1')) };
}

class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #isLittleEndian: boolean;

  constructor(byteCount: number, isLittleEndian: boolean) {
    this.bytes = new Uint8Array(byteCount);
    this.#view = new DataView(this.bytes.buffer);
    this.#isLittleEndian = isLittleEndian;
  }

  u8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  u16(at: number, value: number): void {
    this.#view.setUint16(at, value, this.#isLittleEndian);
  }

  u32(at: number, value: number): void {
    this.#view.setUint32(at, value, this.#isLittleEndian);
  }

  word(at: number, value: number, is64Bit: boolean): void {
    if (is64Bit) this.#view.setBigUint64(at, BigInt(value), this.#isLittleEndian);
    else this.u32(at, value);
  }
}
