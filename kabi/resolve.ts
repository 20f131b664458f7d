import type { ExportedSymbol, ModuleFacts, SymbolProblem, Symvers } from '../model/kabi.ts';

/** What {@link findProblems} resolves imports with. */
export interface ResolveInput {
  /** The modules of one kmod; they may import from each other. */
  readonly modules: readonly ModuleFacts[];
  readonly kernel: Symvers;
  /** Symbol to CRC, as other accepted kmods export them; see {@link exportIndex}. */
  readonly providers: ReadonlyMap<string, number>;
}

/**
 * Finds the imports that a kernel, the modules themselves and other kmods do not satisfy.
 *
 * This is weak-modules' rule, for one kmod as a whole: an import is satisfied if somebody exports
 * the symbol with the same CRC. Beyond it:
 * - The kernel refuses a GPL-only symbol to a module of another licence, and a symbol of a namespace to
 *   a module that does not import it; depmod sees neither.
 * - A CRC of 0 equals 0 alone: the loader compares the value, and the kernel's 0 says nothing.
 * - `importsWithoutCrc` can only be lost; their `wantedCrc` is 0.
 * - A weak import that has a CRC counts like any other (depmod looks at none of them, the kernel
 *   refuses a wrong CRC all the same).
 *
 * vermagic is not looked at.
 *
 * @returns One problem for each symbol and importing module; lost ones first, then by symbol, then
 *   by module. `foundCrc` is the kernel's, or else the family's, or else the other kmod's.
 * @see kmod tools/depmod.c, depmod_report_cycles() and depmod_load_module_dependencies();
 *   Linux 6.1 kernel/module/version.c, check_version(); RHEL's weak-modules
 */
export function findProblems(input: ResolveInput): readonly SymbolProblem[] {
  const family = indexFamily(input.modules);
  const problems: SymbolProblem[] = [];
  for (const module of input.modules) {
    for (const { symbol, crc } of module.imports) {
      const offers = findOffers(symbol, input, family);
      if (offers.some((offer) => offer.crc === crc && !findRefusal(offer, module))) continue;
      const offer = offers.find((one) => one.crc === crc) ?? offers[0];
      problems.push(describeProblem({ symbol, wantedCrc: crc, module }, offer));
    }
    for (const symbol of module.importsWithoutCrc) {
      if (findOffers(symbol, input, family).length > 0) continue;
      problems.push({ kind: 'lost', symbol, usedBy: module.name, wantedCrc: 0 });
    }
  }
  return problems.sort(compareProblems);
}

/**
 * Indexes what modules export, as providers for {@link findProblems}.
 *
 * @returns Symbol to CRC; the first module wins where two export the same symbol (the kernel loads
 *   only one of them).
 */
export function exportIndex(modules: readonly ModuleFacts[]): Map<string, number> {
  const index = new Map<string, number>();
  for (const [symbol, { crc }] of indexFamily(modules)) index.set(symbol, crc);
  return index;
}

interface Offer {
  readonly crc: number;
  readonly provider?: string;
  /** What the kernel says of its own export. */
  readonly terms?: Pick<ExportedSymbol, 'exportType' | 'namespace'>;
}

/** Licences that may use GPL-only symbols. @see Linux 6.1 include/linux/license.h */
const GPL_LICENSES: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** Why the loader would refuse a symbol whose CRC is right. @see Linux 6.1 kernel/module/main.c, resolve_symbol() */
function findRefusal(
  { terms }: Offer,
  { license, importNamespaces }: ModuleFacts,
): 'gpl-only' | 'namespace' | undefined {
  if (terms === undefined) return undefined;
  if (terms.exportType === 'EXPORT_SYMBOL_GPL' && !GPL_LICENSES.has(license)) return 'gpl-only';
  const isImported = terms.namespace === '' || importNamespaces.includes(terms.namespace);
  return isImported ? undefined : 'namespace';
}

function indexFamily(modules: readonly ModuleFacts[]): ReadonlyMap<string, Offer> {
  const index = new Map<string, Offer>();
  for (const module of modules) {
    for (const { symbol, crc } of module.exports) {
      if (!index.has(symbol)) index.set(symbol, { crc, provider: module.name });
    }
  }
  return index;
}

function findOffers(
  symbol: string,
  input: ResolveInput,
  family: ReadonlyMap<string, Offer>,
): readonly Offer[] {
  const offers: Offer[] = [];
  const exported: ExportedSymbol | undefined = input.kernel.get(symbol);
  if (exported !== undefined) {
    offers.push({ crc: exported.crc, provider: exported.module, terms: exported });
  }
  const own = family.get(symbol);
  if (own !== undefined) offers.push(own);
  const foreignCrc = input.providers.get(symbol);
  if (foreignCrc !== undefined) offers.push({ crc: foreignCrc });
  return offers;
}

function describeProblem(
  wanted: Pick<SymbolProblem, 'symbol' | 'wantedCrc'> & { readonly module: ModuleFacts },
  offer: Offer | undefined,
): SymbolProblem {
  const { module, ...symbol } = wanted;
  const usedBy = module.name;
  if (offer === undefined) return { kind: 'lost', ...symbol, usedBy };
  const { crc: foundCrc, provider } = offer;
  const refusal = foundCrc === wanted.wantedCrc ? findRefusal(offer, module) : undefined;
  const found = { foundCrc, ...(provider === undefined ? {} : { provider }) };
  return { kind: refusal ?? 'crc', ...symbol, usedBy, ...found };
}

const GRAVITY: readonly SymbolProblem['kind'][] = ['lost', 'gpl-only', 'namespace', 'crc'];

function compareProblems(one: SymbolProblem, other: SymbolProblem): number {
  return (
    GRAVITY.indexOf(one.kind) - GRAVITY.indexOf(other.kind) ||
    compareText(one.symbol, other.symbol) ||
    compareText(one.usedBy, other.usedBy)
  );
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
