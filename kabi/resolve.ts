import type {
  ExportedSymbol,
  ImportedSymbol,
  ModuleFacts,
  ProblemKind,
  SymbolProblem,
  Symvers,
} from '../model/kabi.ts';

/** Symbol to the CRCs that accepted kmods export it with; several kmods may export one symbol. */
export type KmodExports = ReadonlyMap<string, readonly number[]>;

/** What {@link findProblems} resolves imports with. */
export interface ResolveInput {
  /** The modules of one kmod; they may import from each other. */
  readonly modules: readonly ModuleFacts[];
  readonly kernel: Symvers;
  /** What other accepted kmods export; see {@link collectExports}. */
  readonly providers: KmodExports;
}

/**
 * Finds what keeps the modules of one kmod from loading in a kernel.
 *
 * This is weak-modules' rule, for one kmod as a whole: an import is satisfied if the kernel, the kmod
 * itself or another accepted kmod exports the symbol with the same CRC. Beyond what depmod looks at:
 * - The kernel refuses a GPL-only symbol to a module of another licence, and a symbol of a namespace to
 *   a module that does not import it.
 * - It refuses a module that exports what vmlinux exports already.
 * - A CRC of 0 equals 0 alone: the loader compares the value, and the kernel's 0 says nothing.
 * - `importsWithoutCrc` can only be lost; their `wantedCrc` is 0.
 * - A weak import may be missing; one that is there with a wrong CRC is refused like any other (depmod
 *   looks at none of them).
 *
 * vermagic is not looked at.
 *
 * @returns One problem for each symbol and module; the gravest first, then by symbol, then by module.
 *   `foundCrc` is the kernel's, or else the family's, or else another kmod's.
 * @see kmod tools/depmod.c, depmod_load_module_dependencies(); RHEL's weak-modules; Linux 6.1
 *   kernel/module/main.c, resolve_symbol(), simplify_symbols(), verify_exported_symbols()
 */
export function findProblems(input: ResolveInput): readonly SymbolProblem[] {
  const problems: SymbolProblem[] = [];
  visitProblems(input, (problem) => {
    problems.push(problem);
  });
  return problems.sort(compareProblems);
}

/** Tells whether nothing keeps the modules from loading; see {@link findProblems}. */
export function fits(input: ResolveInput): boolean {
  return visitProblems(input, () => STOP) !== STOP;
}

/** Said by a visitor that has seen enough. */
export const STOP = Symbol('stop');

/**
 * Hands out problems one after the other, in no promised order; see {@link findProblems}. A new kernel
 * may have tens of thousands of them, of which few are shown.
 *
 * @returns {@link STOP} if the visitor said so.
 */
export function visitProblems(
  input: ResolveInput,
  visit: (problem: SymbolProblem) => typeof STOP | undefined,
): typeof STOP | undefined {
  const withFamily = { ...input, family: indexFamily(input.modules) };
  for (const module of input.modules) {
    for (const wanted of module.imports) {
      const problem = findImportProblem(wanted, module, withFamily);
      if (problem && visit(problem) === STOP) return STOP;
    }
    for (const problem of listOtherProblems(module, withFamily)) {
      if (visit(problem) === STOP) return STOP;
    }
  }
  return undefined;
}

function listOtherProblems(module: ModuleFacts, input: FamilyInput): readonly SymbolProblem[] {
  const problems: SymbolProblem[] = [];
  for (const symbol of module.importsWithoutCrc) {
    if (findOffers(symbol, input).length > 0) continue;
    problems.push({ kind: 'lost', symbol, usedBy: module.name, wantedCrc: 0 });
  }
  for (const { symbol, crc: wantedCrc } of module.exports) {
    const exported = input.kernel.get(symbol);
    if (exported?.module !== 'vmlinux') continue;
    const found = { foundCrc: exported.crc, provider: exported.module };
    problems.push({ kind: 'duplicate', symbol, usedBy: module.name, wantedCrc, ...found });
  }
  return problems;
}

function findImportProblem(
  wanted: ImportedSymbol,
  module: ModuleFacts,
  input: FamilyInput,
): SymbolProblem | undefined {
  const { symbol, crc: wantedCrc } = wanted;
  const exported = input.kernel.get(symbol);
  // Nearly all imports end at one of these two: a new kernel is judged by the ten thousand.
  if (exported?.crc === wantedCrc && !findRefusal(exported, module)) return undefined;
  if (exported && exported.crc !== wantedCrc && !isOfferedByKmods(symbol, input)) {
    const { crc: foundCrc, module: provider } = exported;
    return { kind: 'crc', symbol, usedBy: module.name, wantedCrc, foundCrc, provider };
  }
  return findProblemAmongOffers(wanted, module, findOffers(symbol, input));
}

function isOfferedByKmods(symbol: string, { family, providers }: FamilyInput): boolean {
  return family.has(symbol) || providers.has(symbol);
}

function findProblemAmongOffers(
  { symbol, crc: wantedCrc, isWeak }: ImportedSymbol,
  module: ModuleFacts,
  offers: readonly Offer[],
): SymbolProblem | undefined {
  const same = offers.filter((offer) => offer.crc === wantedCrc);
  if (same.some((offer) => !findRefusal(offer, module))) return undefined;
  const usedBy = module.name;
  const [offer = offers[0]] = same;
  if (!offer) return isWeak ? undefined : { kind: 'lost', symbol, usedBy, wantedCrc };
  const kind = same.length > 0 ? (findRefusal(offer, module) ?? 'crc') : 'crc';
  const provider = offer.module === undefined ? {} : { provider: offer.module };
  return { kind, symbol, usedBy, wantedCrc, foundCrc: offer.crc, ...provider };
}

/**
 * Adds what a kmod's modules export to an index of {@link KmodExports}.
 *
 * Where two modules of the kmod export one symbol the first counts: the kernel loads only one of them.
 */
export function collectExports(
  index: Map<string, readonly number[]>,
  modules: readonly ModuleFacts[],
): void {
  for (const [symbol, { crc }] of indexFamily(modules)) {
    const known = index.get(symbol) ?? [];
    if (!known.includes(crc)) index.set(symbol, [...known, crc]);
  }
}

/**
 * Finds the in-tree modules that must be loaded now and were not needed when the module was built: a
 * symbol moved from vmlinux, or from one module to another. depmod finds them by itself; an initramfs
 * or a script of insmod calls does not.
 *
 * @returns Paths as `Module.symvers` has them, sorted, e.g. `drivers/net/phy/phylink`.
 */
export function findNewDependencies(
  modules: readonly ModuleFacts[],
  kernel: Symvers,
): readonly string[] {
  const found = new Set<string>();
  for (const module of modules.filter(({ isFromMetadata }) => !isFromMetadata)) {
    const known = new Set(module.depends.map(toModuleName));
    let last = 'vmlinux';
    for (const { symbol } of module.imports) {
      const provider = kernel.get(symbol)?.module ?? 'vmlinux';
      // Symbols come by name, so mostly several of one provider in a row.
      if (provider === 'vmlinux' || provider === last) continue;
      last = provider;
      if (!known.has(toModuleName(provider))) found.add(provider);
    }
  }
  return [...found].sort();
}

/** `drivers/net/usb/cdc-phonet` → `cdc_phonet`, as the kernel names it. */
export function toModuleName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replaceAll('-', '_');
}

type FamilyInput = ResolveInput & { readonly family: ReadonlyMap<string, Offer> };

/** An export; without the terms if it is not the kernel's. */
type Offer = Pick<ExportedSymbol, 'crc'> & Partial<ExportedSymbol>;

/** Licences that may use GPL-only symbols. @see Linux 6.1 include/linux/license.h */
const GPL_LICENSES: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** Why the loader would refuse a symbol whose CRC is right. */
function findRefusal(
  { exportType, namespace = '' }: Offer,
  module: ModuleFacts,
): 'gpl-only' | 'namespace' | undefined {
  if (exportType === undefined || module.isFromMetadata) return undefined;
  if (exportType === 'EXPORT_SYMBOL_GPL' && !GPL_LICENSES.has(module.license)) return 'gpl-only';
  return namespace === '' || mayUseNamespace(namespace, module) ? undefined : 'namespace';
}

const RESTRICTED_PREFIX = 'module:';

/** @see Linux 6.17 kernel/module/main.c, verify_module_namespace(): `module:kvm-*,vhost` names the users. */
function mayUseNamespace(namespace: string, { name, importNamespaces }: ModuleFacts): boolean {
  if (!namespace.startsWith(RESTRICTED_PREFIX)) return importNamespaces.includes(namespace);
  const users = namespace.slice(RESTRICTED_PREFIX.length).split(',').map(toModuleName);
  return users.some((user) =>
    user.endsWith('*') ? name.startsWith(user.slice(0, -1)) : name === user,
  );
}

const NO_OFFERS: ReadonlyMap<string, Offer> = new Map();

function indexFamily(modules: readonly ModuleFacts[]): ReadonlyMap<string, Offer> {
  if (modules.every((module) => module.exports.length === 0)) return NO_OFFERS;
  const index = new Map<string, Offer>();
  for (const module of modules) {
    for (const { symbol, crc } of module.exports) {
      if (!index.has(symbol)) index.set(symbol, { crc, module: module.name });
    }
  }
  return index;
}

function findOffers(symbol: string, { kernel, family, providers }: FamilyInput): readonly Offer[] {
  const offers: Offer[] = [];
  const exported = kernel.get(symbol);
  if (exported) offers.push(exported);
  const own = family.get(symbol);
  if (own) offers.push(own);
  return [...offers, ...(providers.get(symbol) ?? []).map((crc) => ({ crc }))];
}

/** The gravest first. */
const GRAVITY: Readonly<Record<ProblemKind, number>> = {
  lost: 0,
  crc: 1,
  'gpl-only': 2,
  namespace: 3,
  duplicate: 4,
};

/** Orders problems: the gravest first, then by symbol, then by module. */
export function compareProblems(one: SymbolProblem, other: SymbolProblem): number {
  return (
    GRAVITY[one.kind] - GRAVITY[other.kind] ||
    compareText(one.symbol, other.symbol) ||
    compareText(one.usedBy, other.usedBy)
  );
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
