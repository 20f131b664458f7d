import { readFile } from 'node:fs/promises';
import type { BuiltPackage } from '../../model/cell.ts';
import type { Kernel } from '../../model/kernel.ts';
import { DEPENDENCY, type ResourceDescriptor, type Statement } from '../../model/provenance.ts';
import { type Recipe, ReproductionRefusedError } from '../../model/reproduction.ts';
import type { StoredFile } from '../../model/store.ts';
import type { ContentStore } from '../content-store.ts';
import { readStatement } from '../provenance/read-statement.ts';
import { nameStatement } from '../provenance/statement-names.ts';
import type { Records } from '../records.ts';

export interface RecipeDeps {
  readonly records: Records;
  readonly store: ContentStore;
}

/**
 * Reads what the published build of a cell was made of, out of its own statement.
 *
 * @throws {ReproductionRefusedError} If nothing is published, or by a rekmod that wrote no statements.
 */
export async function readRecipe(kmod: string, kernel: Kernel, deps: RecipeDeps): Promise<Recipe> {
  const { release, stream } = kernel;
  const refuse = (detail: string) => new ReproductionRefusedError(kmod, release, detail);
  const record = await deps.records.readCell({ stream, release, kmod });
  const packages = record?.lastBuild?.packages;
  if (packages === undefined) {
    const { verdict } = record ?? {};
    const isLent = verdict?.kind === 'keep' && verdict.why === 'compatible';
    throw refuse(
      isLent
        ? `expected a build for it, found that it is served by the one for ${verdict.donor}; reproduce that`
        : 'expected a published build, found none',
    );
  }
  const statement = await readFirst(packages, deps.store);
  if (statement === undefined) {
    throw refuse(
      'expected a statement of what it was made of, found a build of before rekmod wrote them; "rekmod rebuild --force" makes one',
    );
  }
  return { kmod, release, statement, packages, ...(await gather(statement, kernel, refuse, deps)) };
}

async function readFirst(
  packages: readonly BuiltPackage[],
  store: ContentStore,
): Promise<Statement | undefined> {
  const stated = packages.find(({ provenance }) => provenance !== undefined);
  if (stated?.provenance === undefined) return undefined;
  const bytes = await readFile(await store.require(stated.provenance.statement));
  return readStatement(bytes, nameStatement(stated.fileName));
}

async function gather(
  { predicate }: Statement,
  kernel: Kernel,
  refuse: (detail: string) => Error,
  { store }: RecipeDeps,
): Promise<Omit<Recipe, 'kmod' | 'release' | 'statement' | 'packages'>> {
  const { resolvedDependencies } = predicate.buildDefinition;
  const all = (name: string): readonly ResourceDescriptor[] =>
    resolvedDependencies.filter((one) => one.name === name);
  const find = async ({ name, digest }: ResourceDescriptor): Promise<StoredFile> => {
    const file = digest.sha256 === undefined ? undefined : await store.find(digest.sha256);
    if (file) return file;
    throw refuse(`expected ${name} with sha256 ${digest.sha256} in the store, found none`);
  };
  const [devel] = all(DEPENDENCY.kernelDevel);
  const [buildroot] = all(DEPENDENCY.buildroot);
  const [symbols] = all(DEPENDENCY.symbols);
  const [image] = all(DEPENDENCY.image);
  if (devel === undefined || buildroot === undefined) {
    throw refuse('expected a statement that names kernel-devel and buildroot, found another');
  }
  const given = await Promise.all(
    all(DEPENDENCY.package).map(async (one) => {
      return { fileName: textOf(one, 'fileName'), ...(await find(one)) };
    }),
  );
  return {
    kernelDevel: { ...(await find(devel)), nevra: kernel.devel.nevra },
    ...(symbols === undefined ? {} : { symbols: await find(symbols) }),
    given,
    buildroot: {
      id: textOf(buildroot, 'id'),
      digest: buildroot.digest.rekmodBuildroot ?? '',
    },
    ...(image ? { image: { name: textOf(image, 'image'), id: textOf(image, 'id') } } : {}),
  };
}

function textOf({ annotations = {} }: ResourceDescriptor, key: string): string {
  const value = annotations[key];
  return typeof value === 'string' ? value : '';
}
