import { ModuleParseError } from '../model/parse-errors.ts';
import { type ElfObject, type ElfSection, readWord, viewOf } from './elf.ts';

/** One place of a section where an address is to be filled in. */
export interface ElfRelocation {
  /** Where in the section that is relocated. */
  readonly offset: number;
  /** Which entry of the symbol table the address is taken from. */
  readonly symbolIndex: number;
}

const SHT_RELA = 4;
const SHT_REL = 9;

/** Whether a section holds relocations; its `info` says of which section. */
export function isRelocationSection({ type }: ElfSection): boolean {
  return type === SHT_RELA || type === SHT_REL;
}

/**
 * Counts the relocations of a section.
 *
 * @throws {ModuleParseError} If the table is cut.
 */
export function countRelocations(elf: ElfObject, section: ElfSection): number {
  const entryBytes = entryBytesOf(elf, section);
  const count = section.bytes.length / entryBytes;
  if (!Number.isInteger(count)) {
    throw new ModuleParseError(
      `expected relocations of ${entryBytes} bytes, found ${section.bytes.length} bytes`,
    );
  }
  return count;
}

/**
 * Reads the relocations of a section: `SHT_RELA` (x86_64, aarch64, ppc64le, s390x, riscv64) or
 * `SHT_REL` (i686, armv7hl). MIPS packs its 64-bit ones in another way; they are not understood.
 *
 * @returns In file order; nothing is held in memory.
 * @throws {ModuleParseError} If the table is cut.
 * @see elf(5), Elf64_Rela; Linux 6.1 include/uapi/linux/elf.h, ELF64_R_SYM() and ELF32_R_SYM()
 */
export function* readRelocations(elf: ElfObject, section: ElfSection): Generator<ElfRelocation> {
  const { is64Bit, isLittleEndian } = elf;
  const count = countRelocations(elf, section);
  const entryBytes = entryBytesOf(elf, section);
  const read = { view: viewOf(section.bytes), is64Bit, isLittleEndian };
  for (let index = 0; index < count; index += 1) {
    const at = index * entryBytes;
    // The symbol is the upper half of a 64-bit word, and the upper 24 of 32 bits.
    const symbolAt = at + (is64Bit && isLittleEndian ? 12 : is64Bit ? 8 : 4);
    const symbol = read.view.getUint32(symbolAt, isLittleEndian);
    yield { offset: readWord(read, at), symbolIndex: is64Bit ? symbol : symbol >>> 8 };
  }
}

function entryBytesOf({ is64Bit }: ElfObject, { type }: ElfSection): number {
  if (is64Bit) return type === SHT_RELA ? 24 : 16;
  return type === SHT_RELA ? 12 : 8;
}
