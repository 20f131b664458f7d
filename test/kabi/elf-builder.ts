/** What a made ELF object holds; enough to be a kernel module. */
export interface ElfParts {
  readonly is64Bit: boolean;
  readonly isLittleEndian: boolean;
  readonly sections: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly symbols: readonly MadeSymbol[];
}

export interface MadeSymbol {
  readonly name: string;
  /** A section's name, or `undefined` or `absolute`. */
  readonly section: string;
  readonly value?: number;
  readonly isWeak?: boolean;
}

const SYMTAB = 2;
const PROGBITS = 1;

/** Writes a relocatable ELF object of either class and byte order. */
export function makeElf({ is64Bit, isLittleEndian, sections, symbols }: ElfParts): Uint8Array {
  const names = [...sections.map(({ name }) => name), '.symtab', '.strtab'];
  const strings = makeStrings([...names, ...symbols.map(({ name }) => name)]);
  const symbolBytes = is64Bit ? 24 : 16;
  const table = new Writer((symbols.length + 1) * symbolBytes, isLittleEndian);
  symbols.forEach((symbol, i) => {
    const at = (i + 1) * symbolBytes;
    const index = sections.findIndex(({ name }) => name === symbol.section) + 1;
    table.u32(at, strings.offsets.get(symbol.name) ?? 0);
    table.u8(at + (is64Bit ? 4 : 12), (symbol.isWeak ? 2 : 1) << 4);
    table.u16(at + (is64Bit ? 6 : 14), symbol.section === 'absolute' ? 0xfff1 : index);
    table.word(at + (is64Bit ? 8 : 4), symbol.value ?? 0, is64Bit);
  });
  const contents = [...sections.map(({ bytes }) => bytes), table.bytes, strings.bytes];
  const headerBytes = is64Bit ? 64 : 52;
  const entryBytes = is64Bit ? 64 : 40;
  const contentBytes = contents.reduce((sum, content) => sum + content.length, 0);
  const out = new Writer(
    headerBytes + contentBytes + (contents.length + 1) * entryBytes,
    isLittleEndian,
  );
  out.bytes.set([0x7f, 0x45, 0x4c, 0x46, is64Bit ? 2 : 1, isLittleEndian ? 1 : 2, 1]);
  out.u16(16, 1);
  const tableAt = headerBytes + contentBytes;
  out.word(is64Bit ? 40 : 32, tableAt, is64Bit);
  out.u16(is64Bit ? 58 : 46, entryBytes);
  out.u16(is64Bit ? 60 : 48, contents.length + 1);
  out.u16(is64Bit ? 62 : 50, contents.length);
  let offset = headerBytes;
  contents.forEach((content, i) => {
    const at = tableAt + (i + 1) * entryBytes;
    out.bytes.set(content, offset);
    out.u32(at, strings.offsets.get(names[i] ?? '') ?? 0);
    out.u32(at + 4, names[i] === '.symtab' ? SYMTAB : PROGBITS);
    out.word(at + (is64Bit ? 24 : 16), offset, is64Bit);
    out.word(at + (is64Bit ? 32 : 20), content.length, is64Bit);
    out.u32(at + (is64Bit ? 40 : 24), contents.length);
    offset += content.length;
  });
  return out.bytes;
}

/** Writes `__versions` entries. */
export function makeVersions(
  imports: readonly (readonly [symbol: string, crc: number])[],
  { is64Bit, isLittleEndian }: Pick<ElfParts, 'is64Bit' | 'isLittleEndian'>,
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
