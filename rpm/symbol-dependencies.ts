import type { ImportedSymbol } from '../model/kabi.ts';
import type { PackageDependencies, RpmDependency } from './header.ts';

/** What a package says of kernel symbols, and of kernels, in its requires and provides. */
export interface SymbolDependencies {
  /** Required symbols with their CRC, sorted; a symbol that is required twice stands here twice. */
  readonly imports: readonly ImportedSymbol[];
  /** Symbols that are required without a CRC, sorted. */
  readonly importsWithoutCrc: readonly string[];
  /** Those imports that the packager found in no kernel, so another kmod's: RHEL's `ksym(…)`. */
  readonly importsFromKmods: readonly string[];
  /** Provided symbols with their CRC, sorted. */
  readonly exports: readonly ImportedSymbol[];
  /** Flavours that the symbols are of: `ksym(default:printk)` is SUSE's `default`. Sorted. */
  readonly flavours: readonly string[];
  /**
   * Requirements that stand for a group of symbols and name none, e.g. `default:vmlinux` of
   * `kernel(default:vmlinux) = 8ab1c4fa0c3d2e51`. Sorted.
   */
  readonly symsets: readonly string[];
  /** The only kernels that it wants, e.g. `6.9.4-200.fc40.x86_64` of `kernel-uname-r = …`. Sorted. */
  readonly boundTo: readonly string[];
}

/** `kernel(printk)`, `ksym(printk)`, `ksym(default:printk)`, `kernel(default:vmlinux)`. */
const SYMBOL_TAG =
  /^(?<tag>kernel|ksym)\((?:(?<flavour>[A-Za-z0-9][\w.-]{0,63}):)?(?<symbol>.+)\)$/;
/** C's, and what compilers and Rust add; a symbol of 1 kB is nothing that a kernel has. */
const SYMBOL = /^[\w.$]{1,1024}$/;
/** `0x0b1c2d3e`, SUSE's `b1c2d3e`; a group's digest is longer: 64 bits in old SLE, SHA-1 in RHEL 5. */
const CRC = /^(?:0x)?0*(?<digits>[0-9a-fA-F]{1,8})$/;
/** Packages of the kernel itself by which others bind themselves to one; never devel or headers. */
const KERNEL_NAME =
  /^kernel(?:-(?:default|rt|azure|preempt|kvmsmall|64kb?|16k|debug|lt|ml|automotive))?(?:-(?:core|modules(?:-core|-extra)?))?$/;
const UNAME_NAME = /^kernel(?:-[a-z0-9_]+){0,4}-uname-r$/;
/** NVIDIA's rich dependency, e.g. `(kernel = 5.14.0-284.40.1.el9_2 if kernel)`. */
const BOUND_IF =
  /^\((?<name>kernel[a-z0-9-]*) = (?<version>\S{1,255}) if (?<name2>kernel[a-z0-9-]*)\)$/;

/**
 * Tells whether a requirement or provision can matter to {@link readSymbolDependencies}: what need
 * not be kept of metadata that is larger than memory.
 */
export function concernsKernel(name: string): boolean {
  return name.startsWith('kernel') || name.startsWith('ksym(') || name.startsWith('(kernel');
}

/**
 * Reads the symbols that a package imports and exports from its dependencies alone.
 *
 * RHEL writes `kernel(printk) = 0x13d0adf7` for the kernel's symbols and `ksym(jool_init) = 0x…` for
 * those of other kmods; SUSE writes `ksym(default:printk) = 13d0adf7` for both, without leading zeros.
 * Of old SLE's and RHEL 5's groups of symbols the members are not known: they are told, not guessed.
 * kmodtool's and Tumbleweed's packages name no symbol but the one kernel that they are for.
 *
 * @see kernel-srpm-macros 1.0 find-requires.ksyms; rpm-config-SUSE scripts/find-requires.ksyms;
 *   rpmfusion kmodtool 0.12.1
 */
export function readSymbolDependencies({
  requires,
  provides,
}: PackageDependencies): SymbolDependencies {
  const found: Draft = {
    imports: new Map(),
    importsWithoutCrc: new Set(),
    importsFromKmods: new Set(),
    exports: new Map(),
    flavours: new Set(),
    symsets: new Set(),
    boundTo: new Set(),
  };
  for (const wanted of requires) readRequirement(wanted, found);
  for (const offered of provides) readProvision(offered, found);
  return {
    imports: sortSymbols(found.imports),
    importsWithoutCrc: [...found.importsWithoutCrc].sort(),
    importsFromKmods: [...found.importsFromKmods].sort(),
    exports: sortSymbols(found.exports),
    flavours: [...found.flavours].sort(),
    symsets: [...found.symsets].sort(),
    boundTo: [...found.boundTo].sort(),
  };
}

/** Lists the `uname -r` that packages of a kernel say they are part of, sorted. */
export function listProvidedReleases(provides: readonly RpmDependency[]): readonly string[] {
  const releases = provides.filter(({ name, op }) => op === '=' && UNAME_NAME.test(name));
  return [...new Set(releases.map(({ version }) => version))].sort();
}

interface Draft {
  /** By symbol and CRC, so that a dependency that is told twice counts once. */
  readonly imports: Map<string, ImportedSymbol>;
  readonly importsWithoutCrc: Set<string>;
  readonly importsFromKmods: Set<string>;
  readonly exports: Map<string, ImportedSymbol>;
  readonly flavours: Set<string>;
  readonly symsets: Set<string>;
  readonly boundTo: Set<string>;
}

function readRequirement(wanted: RpmDependency, found: Draft): void {
  const named = parseTag(wanted);
  if (named === undefined) {
    const bound = readBond(wanted);
    if (bound !== undefined) found.boundTo.add(bound);
    return;
  }
  const { tag, flavour, symbol, crc } = named;
  if (isGroup(named, wanted)) {
    found.symsets.add(flavour === undefined ? symbol : `${flavour}:${symbol}`);
    return;
  }
  if (flavour !== undefined) found.flavours.add(flavour);
  else if (tag === 'ksym') found.importsFromKmods.add(symbol);
  if (crc === undefined || wanted.op !== '=') found.importsWithoutCrc.add(symbol);
  else found.imports.set(`${symbol} ${crc}`, { symbol, crc });
}

function readProvision(offered: RpmDependency, found: Draft): void {
  const named = parseTag(offered);
  if (named === undefined || offered.op !== '=' || isGroup(named, offered)) return;
  const { flavour, symbol, crc } = named;
  if (crc === undefined) return;
  if (flavour !== undefined) found.flavours.add(flavour);
  found.exports.set(`${symbol} ${crc}`, { symbol, crc });
}

interface SymbolTag {
  readonly tag: string;
  readonly flavour: string | undefined;
  readonly symbol: string;
  /** Undefined if the version is no CRC. */
  readonly crc: number | undefined;
}

function parseTag({ name, version }: RpmDependency): SymbolTag | undefined {
  const { tag, flavour, symbol } = SYMBOL_TAG.exec(name)?.groups ?? {};
  if (tag === undefined || symbol === undefined) return undefined;
  const digits = CRC.exec(version)?.groups?.digits;
  return {
    tag,
    flavour,
    symbol,
    crc: digits === undefined ? undefined : Number.parseInt(digits, 16),
  };
}

/**
 * Whether it is a group of symbols, or anything else that stands for no single one. Only old SLE
 * writes a flavour behind `kernel(`, and only before a group's name.
 */
function isGroup({ tag, flavour, symbol, crc }: SymbolTag, { op }: RpmDependency): boolean {
  if (tag === 'kernel' && flavour !== undefined) return true;
  return !SYMBOL.test(symbol) || (crc === undefined && op !== '');
}

/** The kernel that a requirement binds to, without the epoch 0 that some write. */
function readBond({ name, op, version }: RpmDependency): string | undefined {
  if (op === '=' && (KERNEL_NAME.test(name) || UNAME_NAME.test(name))) return withoutEpoch(version);
  const rich = BOUND_IF.exec(name)?.groups;
  if (rich?.version === undefined || rich.name !== rich.name2) return undefined;
  return withoutEpoch(rich.version);
}

function withoutEpoch(version: string): string {
  return version.startsWith('0:') ? version.slice(2) : version;
}

function sortSymbols(symbols: ReadonlyMap<string, ImportedSymbol>): readonly ImportedSymbol[] {
  return [...symbols.values()].sort(
    (one, other) => compareText(one.symbol, other.symbol) || one.crc - other.crc,
  );
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
