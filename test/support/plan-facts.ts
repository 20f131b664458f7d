import type { BuildFacts, CellOutcome, DonorBuild } from '../../model/cell.ts';
import type { ImportedSymbol, PackagedModule, Symvers } from '../../model/kabi.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';

/** Symbols and their CRCs, e.g. `{printk: 1, kfree: 2}`. */
export type Crcs = Readonly<Record<string, number>>;

const DIGEST = '0'.repeat(64);

/** A kmod of the stream `lab`. */
export function kmodOf(name: string, changes: Partial<Kmod> = {}): Kmod {
  const source = { kind: 'spec', spec: `/k/${name}.spec`, sources: '/k' } as const;
  return { name, source, dialect: 'elrepo', streams: ['lab'], required: true, ...changes };
}

/** A kernel of the stream `lab`, e.g. of `5.14.0-611.el9`, whose release gets the architecture. */
export function kernelOf(evr: string, changes: Partial<Kernel> = {}): Kernel {
  const [version = '', release = ''] = evr.split('-');
  const parts = { epoch: 0, version, release };
  return {
    stream: 'lab',
    release: `${evr}.x86_64`,
    arch: 'x86_64',
    flavour: 'default',
    evr: parts,
    foundAt: '2026-11-23T06:00:00.000Z',
    devel: {
      sha256: DIGEST,
      sizeBytes: 1,
      nevra: { name: 'kernel-devel', arch: 'x86_64', ...parts },
    },
    symvers: { sha256: DIGEST, sizeBytes: 1, symbolCount: 0 },
    ...changes,
  };
}

/** A kernel's exports, all of vmlinux. */
export function symversOf(crcs: Crcs): Symvers {
  return new Map(
    toSymbols(crcs).map(({ symbol, crc }) => [
      symbol,
      { symbol, crc, module: 'vmlinux', exportType: 'EXPORT_SYMBOL', namespace: '' },
    ]),
  );
}

/** A module as its package holds it. */
export function moduleOf(
  name: string,
  { imports = {}, exports = {}, ...changes }: ModuleChanges = {},
): PackagedModule {
  return {
    name,
    path: `/lib/modules/5.14.0-611.el9.x86_64/extra/${name}/${name}.ko`,
    vermagic: '5.14.0-611.el9.x86_64 SMP preempt mod_unload modversions ',
    license: 'GPL',
    depends: [],
    importsWithoutCrc: [],
    importNamespaces: [],
    ...changes,
    imports: toSymbols(imports),
    exports: toSymbols(exports),
  };
}

/** What is special about a module. */
export type ModuleChanges = Partial<Omit<PackagedModule, 'imports' | 'exports' | 'name'>> & {
  readonly imports?: Crcs;
  readonly exports?: Crcs;
};

/** A published build; its source and inputs are the default ones of {@link SOURCE} and {@link INPUT}. */
export function donorOf(
  release: string,
  modules: readonly PackagedModule[],
  changes: Partial<DonorBuild> = {},
): DonorBuild {
  return {
    release,
    sourceDigest: SOURCE,
    inputDigest: INPUT,
    buildNumber: 1,
    durationMs: 61_200,
    modules,
    ...changes,
  };
}

/** The end of a cell whose build was published, without its packages. */
export function publishedOf(
  modules: BuildFacts['modules'],
): Extract<CellOutcome, { readonly kind: 'published' }> {
  const build = {
    inputDigest: INPUT,
    sourceDigest: SOURCE,
    buildNumber: 1,
    durationMs: 1,
    modules,
    attemptLog: 'logs/a.log',
  };
  return { kind: 'published', packages: [], repository: 'kmods', snapshot: '000001', build };
}

export const SOURCE = 'source';
export const INPUT = 'input';

function toSymbols(crcs: Crcs): readonly ImportedSymbol[] {
  return Object.entries(crcs).map(([symbol, crc]) => ({ symbol, crc }));
}
