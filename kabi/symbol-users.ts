import { ModuleParseError } from '../model/parse-errors.ts';
import { type ElfObject, type ElfSection, parseElf, SHF_ALLOC } from './elf.ts';
import { countRelocations, isRelocationSection, readRelocations } from './elf-relocations.ts';
import { type ElfSymbol, isImported, parseElfSymbols } from './elf-symbols.ts';
import { findOwner, indexOwners, type SymbolOwner } from './symbol-owners.ts';

const FILE_SIZE_LIMIT = 512 * 1024 * 1024;
/** Four times what amdgpu has, the largest module of Linux 6.12. */
const RELOCATION_LIMIT = 2_000_000;
const USER_LIMIT = 8;

/**
 * Finds out which functions of a module use each symbol that it imports.
 *
 * A relocation against an undefined symbol belongs to the function that covers its place, or to the
 * object that it lies in where that is data, such as a table of operations. Names are those of the
 * source, without the compiler's suffixes. A use that no symbol covers is left out, and so is all
 * debug information.
 *
 * @param bytes The whole uncompressed `.ko` file; one stripped of all symbols tells nothing.
 * @returns Imported symbol to at most eight names, sorted, the first of the alphabet if there are
 *   more, e.g. `remove_proc_entry` → `['unload_acpi_call']`. A symbol that is not in it has no known
 *   user.
 * @throws {ModuleParseError} If it is no ELF object, contradicts itself, or is out of bounds.
 * @see elf(5); `objdump -dr` shows the same
 */
export function findSymbolUsers(bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  if (bytes.length > FILE_SIZE_LIMIT) {
    throw new ModuleParseError(`expected at most ${FILE_SIZE_LIMIT} bytes, found ${bytes.length}`);
  }
  const elf = parseElf(bytes);
  const symbols = parseElfSymbols(elf);
  const owners = indexOwners(elf, symbols);
  const users = new Map<string, string[]>();
  let relocationCount = 0;
  for (const section of elf.sections) {
    const target = isRelocationSection(section) ? elf.sections[section.info] : undefined;
    if (target === undefined || (target.flags & SHF_ALLOC) === 0) continue;
    relocationCount += countRelocations(elf, section);
    if (relocationCount > RELOCATION_LIMIT) {
      throw new ModuleParseError(`expected at most ${RELOCATION_LIMIT} relocations, found more`);
    }
    addUsers(users, { elf, symbols, section, owners: owners.get(section.info) ?? [] });
  }
  return new Map([...users].sort(([one], [other]) => (one < other ? -1 : 1)));
}

interface Uses {
  readonly elf: ElfObject;
  readonly symbols: readonly ElfSymbol[];
  readonly section: ElfSection;
  readonly owners: readonly SymbolOwner[];
}

function addUsers(users: Map<string, string[]>, { elf, symbols, section, owners }: Uses): void {
  if (owners.length === 0) return;
  for (const { offset, symbolIndex } of readRelocations(elf, section)) {
    const symbol = symbols[symbolIndex - 1];
    if (symbol === undefined || !isImported(symbol)) continue;
    const owner = findOwner(owners, offset);
    if (owner === undefined) continue;
    const names = users.get(symbol.name) ?? [];
    insertName(names, owner.name);
    users.set(symbol.name, names);
  }
}

/** Keeps the first {@link USER_LIMIT} names of the alphabet, in order. */
function insertName(names: string[], name: string): void {
  let at = names.length;
  while (at > 0 && name < (names[at - 1] ?? '')) at -= 1;
  if (at >= USER_LIMIT || names[at - 1] === name) return;
  names.splice(at, 0, name);
  if (names.length > USER_LIMIT) names.pop();
}
