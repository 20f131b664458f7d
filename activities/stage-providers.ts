import { createHash } from 'node:crypto';
import { copyFile, mkdir, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Staging } from '../containers/backend.ts';
import { findSymversForm, type SymversForm, writeSymvers } from '../kabi/write-symvers.ts';
import type { BuiltPackage } from '../model/cell.ts';
import type { Kernel } from '../model/kernel.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import type { ContentStore } from './content-store.ts';
import { type FindProvidersDeps, findProviders, type Provider } from './find-providers.ts';
import { makeMetadata } from './snapshot/make-metadata.ts';

export interface StageProvidersDeps extends FindProvidersDeps {
  readonly store: ContentStore;
  readonly signal: AbortSignal;
}

/** What a build is given of the kmods that its own needs. */
export interface StagedProviders {
  /** What they export, as a `Module.symvers`; absent if that is nothing. */
  readonly extraSymbols?: string;
  /** Their packages, where the spec requires some of them. */
  readonly staging?: Staging;
  /** Those packages, by file name; absent if there are none. */
  readonly packages?: readonly BuiltPackage[];
  /** See {@link BuildFacts.given}. */
  readonly given?: Readonly<Record<string, Sha256Hex>>;
}

/**
 * Gathers what serves the kernel of the kmods that a cell needs: their exports for modpost, and their
 * verified and signed packages as a repository, where the spec requires them.
 *
 * @param directory An empty one, for the repository.
 */
export async function stageProviders(
  kernel: Kernel,
  cell: PlannedCell,
  { directory, ...deps }: StageProvidersDeps & { readonly directory: string },
): Promise<StagedProviders> {
  if (cell.needs.length === 0) return {};
  const providers = await findProviders(kernel, cell, deps);
  const modules = providers.flatMap((provider) => provider.modules);
  const form = await readForm(deps.store.pathOf(kernel.symvers.sha256));
  const extraSymbols = writeSymvers(modules, form);
  const packages = listRequired(cell, providers).flatMap((provider) => provider.packages);
  const { release } = kernel;
  const staging =
    packages.length === 0
      ? undefined
      : await makeStaging(packages, { ...deps, directory, release });
  const digests = providers.flatMap(({ kmod, inputDigest }) =>
    inputDigest === undefined ? [] : [[kmod, inputDigest] as const],
  );
  return {
    ...(extraSymbols === '' ? {} : { extraSymbols }),
    ...(staging ? { staging, packages: sortPackages(packages) } : {}),
    ...(digests.length > 0 ? { given: Object.fromEntries(digests) } : {}),
  };
}

function listRequired(
  { needReasons = [] }: PlannedCell,
  providers: readonly Provider[],
): readonly Provider[] {
  const required = needReasons.filter(({ from }) => from === 'build-requires');
  return providers.filter(({ kmod }) => required.some((need) => need.kmod === kmod));
}

function sortPackages(packages: readonly BuiltPackage[]): readonly BuiltPackage[] {
  return [...packages].sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
}

/**
 * Makes a staging repository of packages in the store.
 *
 * @param place Its directory is made; `release` is `uname -r` of the kernel.
 */
export async function makeStaging(
  packages: readonly (StoredFile & { readonly fileName: string })[],
  place: {
    readonly store: ContentStore;
    readonly directory: string;
    readonly release: string;
    readonly signal: AbortSignal;
  },
): Promise<Staging> {
  const { store, directory, release, signal } = place;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  for (const file of packages) {
    await copyFile(await store.require(file), join(directory, basename(file.fileName)));
  }
  await makeMetadata(directory, { signal });
  const digests = packages.map(({ sha256 }) => sha256).sort();
  const digest = createHash('sha256').update(digests.join('\n')).digest('hex');
  return { directory, digest, release };
}

const LINE_BYTES = 4096;

/** The kernel's own file shows how its modpost writes. */
async function readForm(path: string): Promise<SymversForm> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(LINE_BYTES), 0, LINE_BYTES, 0);
  return findSymversForm(buffer.subarray(0, bytesRead).toString('latin1'));
}
