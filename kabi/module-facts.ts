import type { ImportedSymbol, ModuleExport, ModuleFacts } from '../model/kabi.ts';
import { ModuleParseError, quoteExcerpt } from '../model/parse-errors.ts';
import { findArch } from './arch.ts';
import type { ElfObject, ElfSection } from './elf.ts';
import { parseElf, readName, viewOf } from './elf.ts';
import type { ElfSymbol } from './elf-symbols.ts';
import { isImported, parseElfSymbols, SHN_ABS, SHN_UNDEF } from './elf-symbols.ts';
import { readVersions } from './modversions.ts';

const FILE_SIZE_LIMIT = 512 * 1024 * 1024;
const MODINFO_SIZE_LIMIT = 4 * 1024 * 1024;
const VALUE_LENGTH_LIMIT = 4096;
const MODULE_NAME = /^[A-Za-z0-9_.+-]{1,63}$/;
const EXPORT_PREFIX = '__ksymtab_';
const CRC_PREFIX = '__crc_';
const NAMESPACE_PREFIX = '__kstrtabns_';
/** As the linker names it, and as the compiler does in a module that was linked without its script. */
const GPL_SECTION = /^_?__ksymtab_gpl(?:\+|$)/;
const NAMESPACE = /^[\w:,*.-]{1,256}$/;

/** The keys of `.modinfo` that are read. */
const MODINFO_KEYS = ['name', 'vermagic', 'license', 'depends', 'import_ns'] as const;
type ModinfoKey = (typeof MODINFO_KEYS)[number];

/**
 * Reads what a built module says about itself.
 *
 * Imports are `__versions` as it stands; those that the symbol table calls weak are marked. An export is a defined
 * `__ksymtab_<symbol>`; its CRC is where `__crc_<symbol>` points, or that symbol's value if absolute,
 * or 0; its section tells whether it is GPL-only, `__kstrtabns_<symbol>` its namespace. A module stripped of its local symbols therefore shows no exports (kmod sees none either).
 *
 * @param bytes The whole uncompressed `.ko` file, e.g. v4l2loopback's 60 kB.
 * @throws {ModuleParseError} If it is no ELF object, no kernel module, or contradicts itself.
 * @see Linux 6.1 scripts/mod/modpost.c, include/linux/export.h; kmod libkmod/libkmod-elf.c
 */
export function readModuleFacts(bytes: Uint8Array): ModuleFacts {
  if (bytes.length > FILE_SIZE_LIMIT) {
    throw new ModuleParseError(`expected at most ${FILE_SIZE_LIMIT} bytes, found ${bytes.length}`);
  }
  const elf = parseElf(bytes);
  const info = readModinfo(elf);
  const symbols = parseElfSymbols(elf);
  const versions = readVersions(elf);
  const arch = findArch(elf);
  return {
    name: requireModuleName(info.name[0] ?? findStructName(elf)),
    vermagic: info.vermagic[0] ?? '',
    license: info.license[0] ?? '',
    depends: (info.depends[0] ?? '').split(',').filter((name) => name !== ''),
    imports: listImports(versions, symbols),
    importsWithoutCrc: findImportsWithoutCrc(symbols, versions),
    exports: readExports(elf, symbols),
    importNamespaces: info.import_ns,
    ...(arch === undefined ? {} : { arch }),
  };
}

function readModinfo(elf: ElfObject): Record<ModinfoKey, string[]> {
  const section = findSection(elf, '.modinfo');
  if (section === undefined) {
    throw new ModuleParseError('expected a section .modinfo, found none');
  }
  if (section.bytes.length > MODINFO_SIZE_LIMIT) {
    const found = section.bytes.length;
    throw new ModuleParseError(`expected at most ${MODINFO_SIZE_LIMIT} bytes, found ${found}`);
  }
  const values: Record<ModinfoKey, string[]> = {
    name: [],
    vermagic: [],
    license: [],
    depends: [],
    import_ns: [],
  };
  const text = new TextDecoder().decode(section.bytes);
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\0', start);
    const entryEnd = end === -1 ? text.length : end;
    const key = MODINFO_KEYS.find((name) => text.startsWith(`${name}=`, start));
    if (key !== undefined) {
      values[key].push(boundValue(key, text.slice(start + key.length + 1, entryEnd)));
    }
    start = entryEnd + 1;
  }
  return values;
}

function boundValue(key: ModinfoKey, value: string): string {
  const limit = key === 'depends' ? 16 * VALUE_LENGTH_LIMIT : VALUE_LENGTH_LIMIT;
  if (value.length > limit) {
    throw new ModuleParseError(
      `expected at most ${limit} characters of ${key}, found ${value.length}`,
    );
  }
  return value;
}

/** Kernels before 4.13 write no `name=`; it is in `struct module` then, behind state and list. */
function findStructName(elf: ElfObject): string | undefined {
  const section = findSection(elf, '.gnu.linkonce.this_module');
  if (section === undefined || section.bytes.length < 64) return undefined;
  return readName(section.bytes, elf.is64Bit ? 24 : 12);
}

function requireModuleName(name: string | undefined): string {
  if (name === undefined || !MODULE_NAME.test(name)) {
    const found = name === undefined ? 'none' : quoteExcerpt(name);
    throw new ModuleParseError(`expected a module name, found ${found}`);
  }
  return name;
}

function listImports(
  versions: ReadonlyMap<string, number>,
  symbols: readonly ElfSymbol[],
): readonly ImportedSymbol[] {
  const weak = new Set<string>();
  for (const symbol of symbols) if (symbol.isWeak && isImported(symbol)) weak.add(symbol.name);
  return toSortedList(versions).map((wanted) =>
    weak.has(wanted.symbol) ? { ...wanted, isWeak: true } : wanted,
  );
}

function findImportsWithoutCrc(
  symbols: readonly ElfSymbol[],
  versions: ReadonlyMap<string, number>,
): readonly string[] {
  const names = new Set<string>();
  for (const symbol of symbols) {
    if (isImported(symbol) && !symbol.isWeak && !versions.has(symbol.name)) names.add(symbol.name);
  }
  return [...names].sort();
}

function readExports(elf: ElfObject, symbols: readonly ElfSymbol[]): readonly ModuleExport[] {
  const crcs = new Map<string, number>();
  const namespaces = new Map<string, string>();
  const exports = new Map<string, ElfSymbol>();
  for (const symbol of symbols) {
    const { name, sectionIndex } = symbol;
    if (sectionIndex === SHN_UNDEF) continue;
    if (name.startsWith(CRC_PREFIX)) crcs.set(name.slice(CRC_PREFIX.length), readCrc(elf, symbol));
    else if (name.startsWith(EXPORT_PREFIX)) exports.set(name.slice(EXPORT_PREFIX.length), symbol);
    else if (name.startsWith(NAMESPACE_PREFIX)) {
      namespaces.set(name.slice(NAMESPACE_PREFIX.length), readNamespace(elf, symbol));
    }
  }
  return [...exports.keys()].sort().map((symbol) => {
    const section = elf.sections[exports.get(symbol)?.sectionIndex ?? 0]?.name ?? '';
    const namespace = namespaces.get(symbol) ?? '';
    return {
      symbol,
      crc: crcs.get(symbol) ?? 0,
      ...(GPL_SECTION.test(section) ? { isGplOnly: true } : {}),
      ...(namespace === '' ? {} : { namespace }),
    };
  });
}

function readNamespace(elf: ElfObject, { sectionIndex, value }: ElfSymbol): string {
  const bytes = elf.sections[sectionIndex]?.bytes;
  if (bytes === undefined || value >= bytes.length) return '';
  const name = readName(bytes.subarray(value, value + VALUE_LENGTH_LIMIT), 0);
  return NAMESPACE.test(name) ? name : '';
}

function readCrc(elf: ElfObject, symbol: ElfSymbol): number {
  if (symbol.sectionIndex === SHN_ABS) return symbol.value % 2 ** 32;
  const bytes = elf.sections[symbol.sectionIndex]?.bytes;
  if (bytes === undefined || symbol.value + 4 > bytes.length) {
    throw new ModuleParseError(
      `expected a CRC where ${quoteExcerpt(symbol.name)} points, found none`,
    );
  }
  return viewOf(bytes).getUint32(symbol.value, elf.isLittleEndian);
}

function findSection(elf: ElfObject, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name);
}

function toSortedList(crcs: ReadonlyMap<string, number>): readonly ImportedSymbol[] {
  return [...crcs.keys()].sort().map((symbol) => ({ symbol, crc: crcs.get(symbol) ?? 0 }));
}
