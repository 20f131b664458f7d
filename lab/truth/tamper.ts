import { type ElfObject, parseElf, viewOf } from '../../kabi/elf.ts';
import { parseElfSymbols } from '../../kabi/elf-symbols.ts';

/** `struct modversion_info` of a 64-bit machine: the CRC in 8 bytes, the symbol in 56. */
const ENTRY_BYTES = 64;
const CRC_BYTES = 8;

/** Gives an import another CRC in `__versions`. @returns A changed copy. */
export function setImportCrc(module: Uint8Array, symbol: string, crc: number): Uint8Array {
  return change(module, (elf) => {
    viewOf(requireVersion(elf, symbol)).setUint32(0, crc, true);
  });
}

/** Overwrites the entry of an import in `__versions` by that of another: one symbol has no CRC then. */
export function dropImportCrc(module: Uint8Array, symbol: string, other: string): Uint8Array {
  return change(module, (elf) => {
    requireVersion(elf, symbol).set(requireVersion(elf, other));
  });
}

/** Gives an export another CRC. @returns A changed copy. */
export function setExportCrc(module: Uint8Array, symbol: string, crc: number): Uint8Array {
  return change(module, (elf) => {
    const place = parseElfSymbols(elf).find(({ name }) => name === `__crc_${symbol}`);
    const section = place && elf.sections[place.sectionIndex];
    if (!place || !section) throw new Error(`BUG: the module has no CRC of ${symbol}`);
    viewOf(section.bytes).setUint32(place.value, crc, true);
  });
}

/**
 * Replaces a text of `.modinfo`, such as `license=GPL`, by one of equal length.
 *
 * @param text From the beginning of an entry; its end may differ.
 */
export function setModinfo(module: Uint8Array, text: string, replacement: string): Uint8Array {
  return change(module, (elf) => {
    const section = elf.sections.find(({ name }) => name === '.modinfo');
    if (!section || replaceAll(section.bytes, text, replacement) === 0) {
      throw new Error(`BUG: the module has no ${text}`);
    }
  });
}

/**
 * Gives a symbol another name of equal length everywhere: in the symbol table, in `__versions` and
 * among the names of exports.
 */
export function renameSymbol(module: Uint8Array, symbol: string, replacement: string): Uint8Array {
  return change(module, (elf) => {
    const names = elf.sections.filter(({ name }) =>
      ['.strtab', '__versions', '__ksymtab_strings'].includes(name),
    );
    const count = names.reduce(
      (sum, { bytes }) => sum + replaceAll(bytes, `${symbol}\0`, `${replacement}\0`),
      0,
    );
    if (count === 0) throw new Error(`BUG: the module has no symbol ${symbol}`);
  });
}

/** The sections are views of the copy, so writing to them changes it. */
function change(module: Uint8Array, tamper: (elf: ElfObject) => void): Uint8Array {
  const copy = Uint8Array.from(module);
  tamper(parseElf(copy));
  return copy;
}

function requireVersion(elf: ElfObject, symbol: string): Uint8Array {
  const versions = elf.sections.find(({ name }) => name === '__versions')?.bytes;
  const wanted = Buffer.from(`${symbol}\0`);
  for (let at = 0; versions && at < versions.length; at += ENTRY_BYTES) {
    const entry = versions.subarray(at, at + ENTRY_BYTES);
    if (wanted.equals(entry.subarray(CRC_BYTES, CRC_BYTES + wanted.length))) return entry;
  }
  throw new Error(`BUG: the module has no CRC of its import ${symbol}`);
}

function replaceAll(bytes: Uint8Array, text: string, replacement: string): number {
  if (text.length !== replacement.length)
    throw new Error(`BUG: ${text} and its replacement differ in length`);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = buffer.indexOf(text); at !== -1; at = buffer.indexOf(text, at + 1)) {
    buffer.write(replacement, at, 'latin1');
    count += 1;
  }
  return count;
}
