import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltPackage, CellOutcome } from '../model/cell.ts';
import { RekmodError } from '../model/errors.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { Settings } from '../model/settings.ts';
import { compareBuilds } from '../plan/compare-builds.ts';
import type { DataDirectory } from './data-directory.ts';
import { findUnsignedModules } from './find-unsigned-modules.ts';
import type { ModuleCertificate } from './module-key.ts';
import { readCompared } from './read-compared.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import { openServedNamesReader } from './snapshot/served-names.ts';
import { type KeyDatabase, verifyRpm } from './verify-signature.ts';

export interface IdenticalBuildDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Records;
  /** The public half of the key that signs now. */
  readonly publicKeys: KeyDatabase;
  /** That of the key that signs modules; absent where they are left as they were built. */
  readonly moduleCertificate?: ModuleCertificate;
}

/** What is published of a cell. */
export type Published = Extract<CellOutcome, { kind: 'published' }>;

/**
 * Finds the published build of a cell that a new one is no different from, for whoever has it or would
 * install it: it is still served where the stream publishes to, and signed by the key that signs now.
 *
 * @param paths The packages that were built and would be published.
 * @returns undefined if there is none, or anything differs.
 */
export async function findIdenticalBuild(
  cell: Pick<PlannedCell, 'stream' | 'release' | 'kmod'>,
  paths: readonly string[],
  deps: IdenticalBuildDeps & { readonly signal: AbortSignal },
): Promise<Published | undefined> {
  const { settings, data, records, signal } = deps;
  const published = (await records.readCell(cell))?.lastBuild;
  if (!published) return undefined;
  const { repository } = requireNamed(settings.streams, 'verify for', 'stream', cell.stream);
  if (published.repository !== repository) return undefined;
  const folder = join(data.repositories, repository, 'current', 'Packages');
  const listed = openServedNamesReader(data.repositories)(repository)?.listed;
  // What is not listed any more may lie there still, for clients in mid-download.
  if (!published.packages.every(({ fileName }) => listed?.has(fileName))) return undefined;
  try {
    const served = await findServed(folder, published.packages, deps);
    if (served === undefined) return undefined;
    const before = await Promise.all(served.map((path) => readCompared(path, signal)));
    const after = await Promise.all(paths.map((path) => readCompared(path, signal)));
    return compareBuilds(before, after).length === 0 ? published : undefined;
  } catch (error) {
    signal.throwIfAborted();
    // What cannot be compared is published: that is never wrong.
    if (error instanceof RekmodError) return undefined;
    throw error;
  }
}

async function findServed(
  folder: string,
  packages: readonly BuiltPackage[],
  deps: IdenticalBuildDeps & { readonly signal: AbortSignal },
): Promise<readonly string[] | undefined> {
  const { publicKeys, moduleCertificate, signal } = deps;
  for (const { fileName, sizeBytes } of packages) {
    const path = join(folder, fileName);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== sizeBytes) return undefined;
    await verifyRpm(fileName, path, { keys: publicKeys, signal });
    if (moduleCertificate === undefined) continue;
    const unsigned = await findUnsignedModules(path, moduleCertificate, signal);
    if (unsigned.length > 0) return undefined;
  }
  return packages.length === 0 ? undefined : packages.map(({ fileName }) => join(folder, fileName));
}
