import type { RepositoryPackage } from '../model/kernel.ts';
import type { PackageDependencies } from '../rpm/header.ts';
import { concernsKernel } from '../rpm/symbol-dependencies.ts';
import type { CompressionFormat } from './decompress.ts';
import { parsePrimaryFile } from './primary-file.ts';
import { readRepository } from './repository-metadata.ts';

/** Primary metadata, in a file or in a repository. */
export type MetadataSource =
  | { readonly kind: 'primary'; readonly path: string; readonly format: CompressionFormat }
  | { readonly kind: 'repository'; readonly url: string };

/** What is done with the packages. */
export interface MetadataLook {
  /** Gets every package with what it requires and provides of kernels, one after the other. */
  readonly onPackage: (found: RepositoryPackage, dependencies: PackageDependencies) => void;
  /** Holds a repository's compressed metadata for a moment. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** Nobody configured keys for what is only named on a command line; checksums are always checked. */
const TRUST = { gpgKeys: [], repoGpgCheck: false, gpgCheck: false };

/**
 * Reads what all packages say of kernels and their symbols. Nothing is kept, so memory holds one package.
 *
 * @throws {StreamUnreachableError} If a server does not give the metadata.
 * @throws {RepodataParseError} If they are malformed or out of bounds.
 */
export async function readPackageMetadata(
  source: MetadataSource,
  look: MetadataLook,
): Promise<void> {
  const wanted = { isWanted: () => true, wantsDependency: concernsKernel, ...look };
  if (source.kind === 'repository') {
    await readRepository({ ...wanted, baseUrl: source.url, trust: TRUST, validators: {} });
  } else {
    await parsePrimaryFile({ ...wanted, ...source, thing: source.path });
  }
}
