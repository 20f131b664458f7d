import { ModuleParseError, quoteExcerpt } from '../model/parse-errors.ts';
import { parseElf } from './elf.ts';

/** What a module says about what must be in the kernel before it. Names have underscores, not dashes. */
export interface LoadNeeds {
  /** Modules whose symbols it uses. */
  readonly depends: readonly string[];
  /** Modules, or aliases such as `crypto_crc32c`, that its code asks for when it starts (`softdep=pre:`). */
  readonly softDepends: readonly string[];
  /** Other names that it can be asked for by, without those of devices: `crypto_crc32c`. */
  readonly aliases: readonly string[];
}

const SECTION_SIZE_LIMIT = 4 * 1024 * 1024;
const NAME_LIMIT = 2000;
const NAME = /^[A-Za-z0-9_.+-]{1,63}$/;

/**
 * Reads what a module needs to be loaded.
 *
 * @param bytes The whole uncompressed `.ko`.
 * @throws {ModuleParseError} If it is no kernel module, or names more than a module can need.
 * @see modprobe.d(5), softdep; Linux 6.1 include/linux/module.h, MODULE_SOFTDEP
 */
export function readLoadNeeds(bytes: Uint8Array): LoadNeeds {
  const section = parseElf(bytes).sections.find(({ name }) => name === '.modinfo');
  if (section === undefined || section.bytes.length > SECTION_SIZE_LIMIT) {
    const found = section === undefined ? 'none' : `one of ${section.bytes.length} bytes`;
    throw new ModuleParseError(`expected a section .modinfo, found ${found}`);
  }
  const depends = new Set<string>();
  const softDepends = new Set<string>();
  const aliases = new Set<string>();
  for (const entry of new TextDecoder('latin1').decode(section.bytes).split('\0')) {
    const [, key, value = ''] = /^(depends|softdep|alias)=(.*)$/s.exec(entry) ?? [];
    if (key === 'depends') addNames(depends, value.split(','));
    if (key === 'softdep') addNames(softDepends, namesBefore(value));
    // Aliases of devices have colons and asterisks; nobody asks for them by softdep.
    if (key === 'alias' && NAME.test(value)) addNames(aliases, [value]);
  }
  return { depends: [...depends], softDepends: [...softDepends], aliases: [...aliases] };
}

/** The kernel's name of a module: `nf-conntrack` and `nf_conntrack` are one. */
export function canonicalModuleName(name: string): string {
  return name.replaceAll('-', '_');
}

/** `pre: a b post: c` gives `a`, `b`. Names without such a word before them are of the last one. */
function namesBefore(softdep: string): readonly string[] {
  const names: string[] = [];
  let isBefore = false;
  for (const word of softdep.split(/\s+/)) {
    if (word === 'pre:' || word === 'post:') isBefore = word === 'pre:';
    else if (isBefore && NAME.test(word)) names.push(word);
  }
  return names;
}

function addNames(names: Set<string>, found: readonly string[]): void {
  for (const name of found) {
    if (name === '') continue;
    if (!NAME.test(name)) {
      throw new ModuleParseError(`expected a module name, found ${quoteExcerpt(name)}`);
    }
    names.add(canonicalModuleName(name));
  }
  if (names.size > NAME_LIMIT) {
    throw new ModuleParseError(`expected at most ${NAME_LIMIT} names, found ${names.size}`);
  }
}
