import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildInput } from '../../containers/backend.ts';
import type { Kernel } from '../../model/kernel.ts';
import { DEPENDENCY } from '../../model/provenance.ts';
import { type Recipe, ReproductionRefusedError } from '../../model/reproduction.ts';
import type { Settings } from '../../model/settings.ts';
import type { ContentStore } from '../content-store.ts';
import type { KmodReader } from '../kmod-source.ts';
import { layOutInput } from '../lay-out-input.ts';
import { requireNamed } from '../require-named.ts';

export interface LayOutRecipeDeps {
  readonly settings: Settings;
  readonly store: ContentStore;
  readonly readKmod: KmodReader;
  readonly signal: AbortSignal;
}

/**
 * Lays out spec and sources exactly as a published build had them.
 *
 * @param directory Is made; must not hold anything.
 * @throws {ReproductionRefusedError} If the source has changed since, or this rekmod lays it out otherwise.
 */
export async function layOutRecipe(
  recipe: Recipe,
  kernel: Kernel,
  { directory, ...deps }: LayOutRecipeDeps & { readonly directory: string },
): Promise<BuildInput> {
  const { settings, store, readKmod, signal } = deps;
  const { kmod: name, release, statement, symbols } = recipe;
  const { internalParameters, resolvedDependencies } = statement.predicate.buildDefinition;
  const { version } = statement.predicate.runDetails.builder;
  const refuse = (detail: string) => new ReproductionRefusedError(name, release, detail);
  const planned = resolvedDependencies.find((one) => one.name === DEPENDENCY.source)?.digest
    .rekmodSource;
  const kmod = requireNamed(settings.kmods, 'reproduce', 'kmod', name);
  const input = await readKmod(kmod, {
    ...{ freshness: 'known', signal },
    ...(planned === undefined ? {} : { planned }),
  });
  if (input.sourceDigest !== planned) {
    const found = input.sourceDigest;
    throw refuse(
      `expected the source that was built (${planned}), found another (${found}): it has changed since`,
    );
  }
  const { buildNumber, specSha256, defines } = internalParameters;
  const { expected, ...laidOut } = await layOutInput(input, {
    ...{ directory, kernel, buildNumber },
    ...(symbols === undefined
      ? {}
      : { extraSymbols: await readFile(await store.require(symbols), 'utf8') }),
  });
  const spec = await readFile(join(directory, laidOut.spec));
  const isSame = createHash('sha256').update(spec).digest('hex') === specSha256;
  if (isSame && sameDefines(laidOut.defines, defines)) return laidOut;
  const what = isSame ? 'macros' : 'spec';
  throw refuse(
    `expected the ${what} that rekmod ${version.rekmod} made for the kernel, found other; its dialect or the inventory has changed since`,
  );
}

function sameDefines(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const list = (defines: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(defines).sort(([left], [right]) => (left < right ? -1 : 1)));
  return list(a) === list(b);
}
