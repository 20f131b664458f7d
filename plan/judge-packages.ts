import { findFit } from '../kabi/fit.ts';
import {
  collectExports,
  findNewDependencies,
  findProblems,
  type KmodExports,
  toModuleName,
} from '../kabi/resolve.ts';
import type { SymbolProblem } from '../model/kabi.ts';
import type {
  JudgedPackage,
  KernelExports,
  KmodPackage,
  PackageVerdict,
  UnjudgedPackage,
} from '../model/kabi-check.ts';
import { countImports } from './count-imports.ts';
import { listProblems } from './count-problems.ts';
import { findOtherVermagic, lacksModversions } from './judge-cell.ts';

/**
 * Judges kmods that somebody built against one kernel, all of them together: kmods that need each other
 * stand or fall together, as weak-modules and dnf have it.
 *
 * Each package is judged by itself, also several versions of one kmod: an import is satisfied if any of
 * the packages that fit exports it.
 *
 * @returns In the order of the packages.
 */
export function judgePackages(
  packages: readonly KmodPackage[],
  kernel: KernelExports,
): readonly JudgedPackage[] {
  const unsuitable = new Map(packages.map((one) => [one, findUnsuitable(one, kernel)]));
  const suitable = packages.filter((one) => unsuitable.get(one) === undefined);
  const candidates = suitable.map((one, index) => ({
    kmod: String(index),
    builds: isKnownBySymbols(one) && !findOtherVermagic(one.modules, kernel) ? [one] : [],
  }));
  const { accepted, exports } = findFit(candidates, kernel.symvers);
  const fitting = new Set(accepted.values());
  const all = new Map<string, readonly number[]>();
  for (const one of suitable) collectExports(all, one.modules);
  const context: Context = {
    kernel,
    suitable,
    fitting,
    exports,
    all,
    moduleNames: listModules(suitable, kernel),
  };
  const verdicts = new Map<KmodPackage, PackageVerdict>();
  return packages.map((one) => ({
    name: one.name,
    ...(one.builtFor === undefined ? {} : { builtFor: one.builtFor }),
    isFromMetadata: one.modules.every(({ isFromMetadata }) => isFromMetadata === true),
    verdict: unsuitable.get(one) ?? judge(one, context, verdicts),
  }));
}

interface Context {
  readonly kernel: KernelExports;
  readonly suitable: readonly KmodPackage[];
  readonly fitting: ReadonlySet<KmodPackage>;
  /** What the packages that fit export. */
  readonly exports: KmodExports;
  /** What all export, also those that do not fit. */
  readonly all: KmodExports;
  /** Names of the modules that were given or are in the kernel. */
  readonly moduleNames: ReadonlySet<string>;
}

/** What rules a package out before any symbol is looked at. */
function findUnsuitable(one: KmodPackage, kernel: KernelExports): UnjudgedPackage | undefined {
  const { arch, flavours, boundTo } = one;
  const kind = 'unjudged';
  if (arch !== undefined && kernel.arch !== undefined && arch !== kernel.arch) {
    return { kind, why: 'other-arch', arch };
  }
  if (kernel.flavour !== undefined && flavours.length > 0 && !flavours.includes(kernel.flavour)) {
    return { kind, why: 'other-flavour', flavours };
  }
  // A kernel whose name nothing tells may be the one that it is bound to.
  const isOther =
    kernel.releases.length > 0 && !boundTo.some((name) => kernel.releases.includes(name));
  if (boundTo.length > 0 && (isOther || (kernel.releases.length === 0 && !hasSymbols(one)))) {
    return { kind, why: 'bound-to-other-kernel', boundTo };
  }
  return undefined;
}

function hasSymbols({ modules, symsets }: KmodPackage): boolean {
  const isImporting = modules.some(
    ({ imports, importsWithoutCrc }) => imports.length > 0 || importsWithoutCrc.length > 0,
  );
  return isImporting || symsets.length > 0;
}

/** Whether fitting symbols prove that it fits. */
function isKnownBySymbols(one: KmodPackage): boolean {
  if (one.symsets.length > 0 || lacksModversions(one.modules)) return false;
  return hasSymbols(one) || one.boundTo.length > 0;
}

function judge(
  one: KmodPackage,
  context: Context,
  verdicts: Map<KmodPackage, PackageVerdict>,
): PackageVerdict {
  const known = verdicts.get(one);
  if (known) return known;
  const verdict = context.fitting.has(one) ? describeFit(one, context) : findFault(one, context);
  if (verdict) {
    verdicts.set(one, verdict);
    return verdict;
  }
  const provider = findFallenProvider(one, context);
  // Providers that need each other fall for a reason of their own; this one ends any circle.
  verdicts.set(one, { kind: 'rebuild', why: 'provider-rebuilt', provider: provider.name });
  const isUnjudged = judge(provider, context, verdicts).kind === 'unjudged';
  const fall: PackageVerdict = isUnjudged
    ? { kind: 'unjudged', why: 'provider-unjudged', provider: provider.name }
    : { kind: 'rebuild', why: 'provider-rebuilt', provider: provider.name };
  verdicts.set(one, fall);
  return fall;
}

function describeFit({ modules }: KmodPackage, { kernel }: Context): PackageVerdict {
  const importCount = countImports(modules);
  if (importCount === 0) return { kind: 'fits', why: 'bound-to-this-kernel', importCount };
  const newDependencies = kernel.isFromMetadata ? [] : findNewDependencies(modules, kernel.symvers);
  return {
    kind: 'fits',
    why: 'symbols',
    importCount,
    ...(newDependencies.length === 0 ? {} : { newDependencies }),
  };
}

/** What is at fault with a package itself; undefined if it only falls with another. */
function findFault(one: KmodPackage, context: Context): PackageVerdict | undefined {
  const { modules, symsets } = one;
  const { kernel, all } = context;
  const found = findProblems({ modules, kernel: kernel.symvers, providers: all });
  const unsure = findUnsure(one, found, context);
  const certain = listProblems(found.filter((problem) => !unsure?.lost.has(problem)));
  if (certain.lostCount > 0) return { kind: 'broken', why: 'symbols-lost', problems: certain };
  if (certain.refusedCount > 0) {
    return { kind: 'broken', why: 'symbols-refused', problems: certain };
  }
  if (lacksModversions(modules)) return { kind: 'unjudged', why: 'no-modversions' };
  if (certain.crcCount > 0) return { kind: 'rebuild', why: 'crc-changed', problems: certain };
  const otherVermagic = findOtherVermagic(modules, kernel);
  if (otherVermagic !== undefined) {
    const expected = (kernel.vermagicFlags ?? []).join(' ');
    return { kind: 'rebuild', why: 'vermagic-changed', found: otherVermagic, expected };
  }
  if (unsure) {
    const problems = listProblems(unsure.lost);
    return { kind: 'unjudged', why: unsure.why, missing: unsure.missing, problems };
  }
  if (symsets.length > 0) return { kind: 'unjudged', why: 'symsets', symsets };
  return hasSymbols(one) ? undefined : { kind: 'unjudged', why: 'no-symbols' };
}

interface Unsure {
  readonly why: 'kmod-missing' | 'kernel-incomplete';
  readonly missing: readonly string[];
  readonly lost: ReadonlySet<SymbolProblem>;
}

/** Symbols that seem lost, but may be exported by something that was not given. */
function findUnsure(
  one: KmodPackage,
  problems: readonly SymbolProblem[],
  { kernel, moduleNames }: Context,
): Unsure | undefined {
  const lost = problems.filter(({ kind }) => kind === 'lost');
  if (lost.length === 0) return undefined;
  const { missingPackages } = kernel;
  if (missingPackages) {
    return { why: 'kernel-incomplete', missing: missingPackages, lost: new Set(lost) };
  }
  const absent = one.modules.map(({ name, depends }) => {
    return { name, missing: depends.filter((module) => !moduleNames.has(toModuleName(module))) };
  });
  const users = new Set(absent.flatMap(({ name, missing }) => (missing.length > 0 ? [name] : [])));
  const foreign = new Set(one.importsFromKmods);
  const unsure = lost.filter(({ symbol, usedBy }) => foreign.has(symbol) || users.has(usedBy));
  if (unsure.length === 0) return undefined;
  const missing = [...new Set(absent.flatMap((module) => module.missing))].sort();
  return { why: 'kmod-missing', missing, lost: new Set(unsure) };
}

function findFallenProvider(one: KmodPackage, context: Context): KmodPackage {
  const { kernel, exports, suitable, fitting } = context;
  const lacking = findProblems({
    modules: one.modules,
    kernel: kernel.symvers,
    providers: exports,
  });
  const provider = suitable.find(
    (other) =>
      other !== one &&
      !fitting.has(other) &&
      other.modules.some((module) =>
        module.exports.some(({ symbol }) => lacking.some((problem) => problem.symbol === symbol)),
      ),
  );
  if (!provider) throw new Error(`BUG: nothing says why ${one.name} does not fit`);
  return provider;
}

function listModules(
  packages: readonly KmodPackage[],
  { symvers }: KernelExports,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { module } of symvers.values()) names.add(toModuleName(module));
  for (const { name } of packages.flatMap(({ modules }) => modules)) names.add(toModuleName(name));
  return names;
}
