import { ModuleParseError, quoteExcerpt } from '../model/parse-errors.ts';
import { type ElfObject, readName, SHF_ALLOC, viewOf } from './elf.ts';

/** `struct modversion_info`: an unsigned long and a name, 64 bytes on every architecture. */
const ENTRY_BYTES = 64;
const IMPORT_LIMIT = 100_000;

/**
 * Reads the CRCs that a module was built against.
 *
 * `__versions` has one 64-byte entry a symbol. Kernels since 6.14 may write `__version_ext_crcs` (u32
 * each) and `__version_ext_names` (NUL-terminated, same order) besides or instead: all symbols, also
 * those whose names do not fit into 64 bytes. Where both exist their loader believes the extended
 * form alone and older ones know only `__versions`; modpost writes the same CRCs to both, so that a
 * module in which they differ was tampered with.
 *
 * Sections without `SHF_ALLOC` are overlooked as the loader does: so `modprobe --force` hides them.
 *
 * @returns Symbol to CRC, both forms together; empty without modversions.
 * @throws {ModuleParseError} If a table is cut, is one of two, or gives one symbol two CRCs.
 * @see Linux 6.14 kernel/module/version.c, check_version(); kernel/module/main.c, find_sec() and
 *   elf_validity_cache_index_versions(); scripts/mod/modpost.c, add_extended_versions()
 */
export function readVersions(elf: ElfObject): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  readBasicVersions(elf, versions);
  readExtendedVersions(elf, versions);
  return versions;
}

function readBasicVersions(elf: ElfObject, versions: Map<string, number>): void {
  const bytes = findBytes(elf, '__versions');
  if (bytes === undefined) return;
  if (bytes.length % ENTRY_BYTES !== 0) {
    throw new ModuleParseError(
      `expected __versions of ${ENTRY_BYTES}-byte entries, found ${bytes.length} bytes`,
    );
  }
  const view = viewOf(bytes);
  const crcBytes = elf.is64Bit ? 8 : 4;
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    // The upper half of a 64-bit CRC is always 0; big endian has it first.
    const crcAt = at + (elf.isLittleEndian ? 0 : crcBytes - 4);
    const name = readName(bytes.subarray(at + crcBytes, at + ENTRY_BYTES), 0);
    addVersion(versions, name, view.getUint32(crcAt, elf.isLittleEndian));
  }
}

function readExtendedVersions(elf: ElfObject, versions: Map<string, number>): void {
  const crcs = findBytes(elf, '__version_ext_crcs');
  const names = findBytes(elf, '__version_ext_names');
  if (crcs === undefined && names === undefined) return;
  if (crcs === undefined || names === undefined) {
    const found = crcs === undefined ? 'names' : 'CRCs';
    throw new ModuleParseError(`expected extended modversions of CRCs and names, found ${found}`);
  }
  const view = viewOf(crcs);
  let nameAt = 0;
  for (let at = 0; at + 4 <= crcs.length; at += 4) {
    const name = readName(names, nameAt);
    nameAt += name.length + 1;
    addVersion(versions, name, view.getUint32(at, elf.isLittleEndian));
  }
}

function addVersion(versions: Map<string, number>, symbol: string, crc: number): void {
  if (symbol === '') throw new ModuleParseError('expected a symbol in __versions, found none');
  const known = versions.get(symbol);
  if (known !== undefined && known !== crc) {
    const name = quoteExcerpt(symbol);
    throw new ModuleParseError(`expected one CRC of ${name}, found ${known} and ${crc}`);
  }
  if (versions.size >= IMPORT_LIMIT) {
    throw new ModuleParseError(`expected at most ${IMPORT_LIMIT} imports, found more`);
  }
  versions.set(symbol, crc);
}

function findBytes(elf: ElfObject, name: string): Uint8Array | undefined {
  return elf.sections.find((section) => section.name === name && (section.flags & SHF_ALLOC) !== 0)
    ?.bytes;
}
