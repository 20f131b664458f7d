import { type ElfSection, parseElf } from './elf.ts';

/** What of a kernel module makes a difference to the kernel that loads it. */
export type ModuleSection = Pick<ElfSection, 'name' | 'type' | 'flags' | 'bytes'>;

/**
 * Sections that say where a module comes from and nothing of what it does: the identity that the linker
 * gives to a build (rpm mixes its Release in), the name and checksum of the file with debug information,
 * and the compiler's name.
 */
const ORIGIN_SECTIONS = new Set([
  '.note.gnu.build-id',
  '.gnu_debuglink',
  '.gnu_debugaltlink',
  '.comment',
]);

/**
 * Lists the sections by which two builds of a module for one kernel are compared.
 *
 * A signature is behind the last section and so is no part of any.
 *
 * @param bytes The whole file, uncompressed.
 * @returns In file order; their bytes are views.
 * @throws {ModuleParseError} If it is no module.
 */
export function listContentSections(bytes: Uint8Array): readonly ModuleSection[] {
  return parseElf(bytes).sections.filter(({ name }) => !ORIGIN_SECTIONS.has(name));
}
