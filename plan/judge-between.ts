import type { ModuleFacts, Symvers } from '../model/kabi.ts';
import type { Verdict } from '../model/verdict.ts';
import { countImports } from './count-imports.ts';
import { listProblemsOf } from './count-problems.ts';

/** Two kernels, and the modules of a kmod. */
export interface BetweenInput {
  readonly modules: readonly ModuleFacts[];
  /** Name of the first kernel. */
  readonly from: string;
  readonly before: Symvers;
  readonly after: Symvers;
}

/**
 * Judges what would become of modules, had they been built for one kernel, on another one: by the
 * symbols that they import from the kernel alone, whichever kernel they were really built for.
 */
export function judgeBetween({ modules, from: donor, before, after }: BetweenInput): Verdict {
  const rebuilt = modules.map((module) => bindTo(module, before));
  const problems = listProblemsOf({ modules: rebuilt, kernel: after, providers: new Map() });
  if (problems.lostCount > 0) return { kind: 'broken', why: 'symbols-lost', donor, problems };
  if (problems.refusedCount > 0) return { kind: 'broken', why: 'symbols-refused', donor, problems };
  if (problems.crcCount > 0) return { kind: 'rebuild', why: 'crc-changed', donor, problems };
  return { kind: 'keep', why: 'compatible', donor, importCount: countImports(rebuilt) };
}

/** The module as a build for a kernel would have it, without what it takes from other kmods. */
function bindTo(module: ModuleFacts, kernel: Symvers): ModuleFacts {
  const unbound = module.importsWithoutCrc.map((symbol) => ({ symbol, crc: 0 }));
  return {
    ...module,
    imports: [...module.imports, ...unbound].flatMap((wanted) => {
      const exported = kernel.get(wanted.symbol);
      return exported ? [{ ...wanted, crc: exported.crc }] : [];
    }),
    importsWithoutCrc: [],
    exports: module.exports.filter(({ symbol }) => !kernel.has(symbol)),
  };
}
