import type { ModuleFacts } from '../model/kabi.ts';
import type { KmodPackage } from '../model/kabi-check.ts';
import type { Nevra } from '../model/kernel.ts';
import type { PackageDependencies } from './header.ts';
import { findKernelPart } from './kernel-provides.ts';
import { formatNevra } from './nevra.ts';
import { readSymbolDependencies, type SymbolDependencies } from './symbol-dependencies.ts';

/** `kmod-jool`, `v4l2loopback-kmp-default`; others that are bound to one kernel are its tools. */
const KMOD_NAME = /^kmod-|-km(?:od|p)(?:-|$)|^kernel-module-/;
/** What kmodtool has its packages provide. */
const KMODTOOL_TAG = 'kernel-modules-for-kernel';

/**
 * Reads a kmod from what its package requires and provides: one module that stands for all of them, of
 * which licence, namespaces and load order are not known.
 *
 * @returns Undefined for a package that is no kmod: one that neither requires kernel symbols nor is
 *   called a kmod and bound to a kernel.
 */
export function findKmodPackage(
  nevra: Nevra,
  dependencies: PackageDependencies,
): KmodPackage | undefined {
  const symbols = readSymbolDependencies(dependencies);
  const { imports, importsWithoutCrc, symsets, boundTo } = symbols;
  const isBound = boundTo.length > 0 && isCalledKmod(nevra, dependencies);
  const isUsingSymbols = imports.length + importsWithoutCrc.length + symsets.length > 0;
  if (!isUsingSymbols && !isBound) return undefined;
  if (findKernelPart(nevra, dependencies)) return undefined;
  const [onlyKernel] = boundTo;
  return {
    name: formatNevra(nevra),
    modules: [toModuleFacts(nevra, symbols)],
    arch: nevra.arch,
    ...(onlyKernel === undefined || boundTo.length > 1 ? {} : { builtFor: onlyKernel }),
    flavours: symbols.flavours,
    boundTo,
    symsets,
    importsFromKmods: symbols.importsFromKmods,
  };
}

function isCalledKmod({ name }: Nevra, { provides }: PackageDependencies): boolean {
  return KMOD_NAME.test(name) || provides.some((offered) => offered.name === KMODTOOL_TAG);
}

function toModuleFacts(
  { name, arch }: Nevra,
  { imports, importsWithoutCrc, exports }: SymbolDependencies,
): ModuleFacts {
  return {
    name,
    vermagic: '',
    license: '',
    depends: [],
    imports,
    importsWithoutCrc,
    exports,
    importNamespaces: [],
    arch,
    isFromMetadata: true,
  };
}
