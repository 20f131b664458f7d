import { type ElfObject, SHF_EXECINSTR } from './elf.ts';
import { type ElfSymbol, STT_FUNC, STT_OBJECT } from './elf-symbols.ts';

/** A function or object with its place in a section. */
export interface SymbolOwner {
  /** As written in the source, e.g. `acpi_proc_read` for `acpi_proc_read.cold`. */
  readonly name: string;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Section index to the owners there: by place, of one place the better name last. */
export type SymbolOwners = ReadonlyMap<number, readonly SymbolOwner[]>;

/** How far back {@link findOwner} looks for a symbol that others lie in. */
const NESTING_LIMIT = 16;
const EM_ARM = 40;
/**
 * Names that nobody wrote: padding before functions, kCFI's type words, and what macros of the
 * kernel make up.
 */
const ARTIFICIAL_NAME = /^(?:__pfx_|__cfi_|__UNIQUE_ID_)/;
/** Second names of functions that have a first one. */
const ENTRY_ALIASES: ReadonlySet<string> = new Set(['init_module', 'cleanup_module']);

/**
 * Lists the functions of executable sections and the objects of all others.
 *
 * Names lose the compiler's suffixes (`.cold`, `.isra.0`, `.constprop.0`, `.part.0`, `.llvm.4711`): a
 * name of C has no dot. A symbol without size reaches to the next one.
 */
export function indexOwners(elf: ElfObject, symbols: readonly ElfSymbol[]): SymbolOwners {
  const open = new Map<number, SymbolOwner[]>();
  for (const symbol of symbols) {
    const owner = toOwner(elf, symbol);
    if (owner === undefined) continue;
    const owners = open.get(symbol.sectionIndex) ?? [];
    owners.push(owner);
    open.set(symbol.sectionIndex, owners);
  }
  const index = new Map<number, readonly SymbolOwner[]>();
  for (const [sectionIndex, owners] of open) index.set(sectionIndex, toRanges(owners));
  return index;
}

/** Finds the innermost owner of a place in its section. */
export function findOwner(owners: readonly SymbolOwner[], offset: number): SymbolOwner | undefined {
  let low = 0;
  let high = owners.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((owners[middle]?.start ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const last = Math.max(0, low - NESTING_LIMIT);
  for (let index = low - 1; index >= last; index -= 1) {
    const owner = owners[index];
    if (owner && offset < owner.end) return owner;
  }
  return undefined;
}

/** The end of a symbol without size is open: infinite. */
function toOwner(elf: ElfObject, symbol: ElfSymbol): SymbolOwner | undefined {
  const { name, type, value, sizeBytes, sectionIndex } = symbol;
  const section = elf.sections[sectionIndex];
  if (section === undefined || name === '' || ARTIFICIAL_NAME.test(name)) return undefined;
  const isCode = (section.flags & SHF_EXECINSTR) !== 0;
  if (type !== (isCode ? STT_FUNC : STT_OBJECT)) return undefined;
  // The lowest bit of an address tells Thumb code from ARM code.
  const start = isCode && elf.machine === EM_ARM ? value - (value % 2) : value;
  const end = sizeBytes === 0 ? Number.POSITIVE_INFINITY : start + sizeBytes;
  return { name: stripSuffixes(name), start, end };
}

/** A dot at the start belongs to the name: ppc64 has such. */
function stripSuffixes(name: string): string {
  const dot = name.indexOf('.', 1);
  return dot === -1 ? name : name.slice(0, dot);
}

/** Sorts, and closes open ends. */
function toRanges(owners: SymbolOwner[]): readonly SymbolOwner[] {
  owners.sort(compareOwners);
  const ranges: SymbolOwner[] = [];
  let next = Number.POSITIVE_INFINITY;
  let start = next;
  for (const owner of owners.reverse()) {
    if (owner.start < start) next = start;
    start = owner.start;
    ranges.push(owner.end === Number.POSITIVE_INFINITY ? { ...owner, end: next } : owner);
  }
  return ranges.reverse();
}

function compareOwners(one: SymbolOwner, other: SymbolOwner): number {
  if (one.start !== other.start) return one.start - other.start;
  const alias = Number(ENTRY_ALIASES.has(other.name)) - Number(ENTRY_ALIASES.has(one.name));
  if (alias !== 0) return alias;
  // The innermost last; of two names for one thing the same on every machine.
  if (one.end !== other.end) return one.end > other.end ? -1 : 1;
  if (one.name === other.name) return 0;
  return one.name < other.name ? -1 : 1;
}
