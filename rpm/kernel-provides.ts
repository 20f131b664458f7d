import type { ExportedSymbol } from '../model/kabi.ts';
import type { KernelExports } from '../model/kabi-check.ts';
import type { Nevra } from '../model/kernel.ts';
import { formatEvr } from './evr.ts';
import type { PackageDependencies } from './header.ts';
import { flavourOfRelease } from './kernel-release.ts';
import {
  listProvidedReleases,
  readSymbolDependencies,
  type SymbolDependencies,
} from './symbol-dependencies.ts';

/** One package of a kernel, as far as its metadata tell. */
export interface KernelPart {
  readonly nevra: Nevra;
  readonly symbols: SymbolDependencies;
  /** The `uname -r` that it says it is part of. */
  readonly releases: readonly string[];
  /** Names of what it requires and provides. */
  readonly requires: readonly string[];
  readonly provides: readonly string[];
}

const KERNEL_PACKAGE = /^kernel(?:-|$)/;
const MODULES_PACKAGE = /^kernel(?:-[a-z0-9_]+){0,3}-modules$/;
/** A package of modules that another one cannot be without, e.g. `kernel-modules-core-uname-r`. */
const NEEDED_PART = /^(?<name>kernel(?:-[a-z0-9_]+){0,3}-modules(?:-core)?)-uname-r$/;

/** Whether a package is called as those of kernels are: `kernel-core`, `kernel-default-devel`. */
export function isKernelPackage(name: string): boolean {
  return KERNEL_PACKAGE.test(name);
}

/**
 * Reads what a package says of itself as a part of a kernel.
 *
 * @returns Undefined for any other package: one that is not called `kernel…`, or says of no kernel
 *   that it is part of it.
 */
export function findKernelPart(
  nevra: Nevra,
  dependencies: PackageDependencies,
): KernelPart | undefined {
  if (!isKernelPackage(nevra.name)) return undefined;
  const symbols = readSymbolDependencies(dependencies);
  const releases = listProvidedReleases(dependencies.provides);
  if (releases.length === 0 && symbols.flavours.length === 0) return undefined;
  const { name, epoch, version, release, arch } = nevra;
  return {
    nevra: { name, epoch, version, release, arch },
    symbols,
    releases,
    requires: dependencies.requires.map((wanted) => wanted.name),
    provides: dependencies.provides.map((offered) => offered.name),
  };
}

/**
 * Names the kernel that a package is part of: the same text for all its packages.
 *
 * The flavour belongs to it, because RHEL's `kernel-core` and `kernel-rt-core` have one version.
 */
export function nameKernelOf(part: KernelPart): string {
  return `${formatEvr(part.nevra)}.${part.nevra.arch} ${flavourOf(part)}`;
}

/**
 * Lists what a person may call the kernel of a package, the most exact first: `uname -r`,
 * `5.14.0-611.el9.x86_64`, `5.14.0-611.el9`; with and without the epoch.
 */
export function listKernelNames({ nevra, releases }: KernelPart): readonly string[] {
  const evr = formatEvr(nevra);
  const plain = `${nevra.version}-${nevra.release}`;
  return [...new Set([...releases, `${plain}.${nevra.arch}`, plain, `${evr}.${nevra.arch}`, evr])];
}

/**
 * Lists the names by which other packages bind themselves to the kernel of a package: `kernel-uname-r`
 * by its `uname -r`, `kernel` by its version, which the default flavour alone is meant by.
 */
export function listBondNames(part: KernelPart): readonly string[] {
  const isPlain = flavourOf(part) === 'default' || part.releases.length === 0;
  return isPlain ? listKernelNames(part) : part.releases;
}

/**
 * Puts together what the packages of one kernel export, by their `kernel(symbol) = crc` alone.
 *
 * RHEL's `kernel-core` provides what vmlinux exports and `kernel-modules*` what the modules do, so all of
 * them are needed; which ones are missing is told.
 *
 * @param parts Packages of one kernel; see {@link nameKernelOf}.
 * @returns Undefined if none of them provides a symbol.
 */
export function mergeKernelProvides(parts: readonly KernelPart[]): KernelExports | undefined {
  const symvers = new Map<string, ExportedSymbol>();
  for (const { nevra, symbols } of parts) {
    for (const { symbol, crc } of symbols.exports) {
      if (symvers.has(symbol)) continue;
      const { name: module } = nevra;
      symvers.set(symbol, { symbol, crc, module, exportType: 'EXPORT_SYMBOL', namespace: '' });
    }
  }
  const [first] = parts;
  const releases = [...new Set(parts.flatMap(listBondNames))];
  const [name] = releases;
  if (first === undefined || name === undefined || symvers.size === 0) return undefined;
  const missingPackages = findMissing(parts);
  return {
    name,
    releases,
    symvers,
    arch: first.nevra.arch,
    flavour: flavourOf(first),
    isFromMetadata: true,
    ...(missingPackages.length === 0 ? {} : { missingPackages }),
  };
}

function flavourOf({ symbols, releases }: KernelPart): string {
  const [release] = releases;
  return symbols.flavours[0] ?? (release === undefined ? 'default' : flavourOfRelease(release));
}

/** Lists the packages without which a kernel's symbols are not complete. */
function findMissing(parts: readonly KernelPart[]): readonly string[] {
  // SUSE's kernel-default has all modules; its other packages only add to it.
  if (parts.some(({ symbols }) => symbols.flavours.length > 0)) return [];
  const provided = new Set(parts.flatMap(({ provides }) => provides));
  const missing = new Set<string>();
  for (const wanted of parts.flatMap(({ requires }) => requires)) {
    const name = NEEDED_PART.exec(wanted)?.groups?.name;
    if (name !== undefined && !provided.has(wanted)) missing.add(name);
  }
  const names = new Set([...provided, ...parts.map(({ nevra }) => nevra.name)]);
  if (![...names].some((name) => MODULES_PACKAGE.test(name))) missing.add('kernel-modules');
  if (!provided.has('kernel-uname-r')) missing.add('kernel-core');
  return [...missing].sort();
}
