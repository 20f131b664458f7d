import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listContentSections } from '../kabi/module-content.ts';
import type { BuiltPackage, CellOutcome } from '../model/cell.ts';
import { RekmodError } from '../model/errors.ts';
import type { PlannedCell } from '../model/plan.ts';
import type { Settings } from '../model/settings.ts';
import { type ComparedPackage, compareBuilds } from '../plan/compare-builds.ts';
import type { DataDirectory } from './data-directory.ts';
import { readPackagedModules } from './packaged-modules.ts';
import type { Records } from './records.ts';
import { requireNamed } from './require-named.ts';
import { openRpm } from './rpm-file.ts';
import { openServedNamesReader } from './snapshot/served-names.ts';
import { type KeyDatabase, verifyRpm } from './verify-signature.ts';

export interface IdenticalBuildDeps {
  readonly settings: Settings;
  readonly data: DataDirectory;
  readonly records: Records;
  /** The public half of the key that signs now. */
  readonly publicKeys: KeyDatabase;
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
  { publicKeys, signal }: IdenticalBuildDeps & { readonly signal: AbortSignal },
): Promise<readonly string[] | undefined> {
  for (const { fileName, sizeBytes } of packages) {
    const path = join(folder, fileName);
    const found = await stat(path).catch(() => undefined);
    if (found?.size !== sizeBytes) return undefined;
    await verifyRpm(fileName, path, { keys: publicKeys, signal });
  }
  return packages.length === 0 ? undefined : packages.map(({ fileName }) => join(folder, fileName));
}

async function readCompared(path: string, signal: AbortSignal): Promise<ComparedPackage> {
  const rpm = await openRpm(path);
  const { nevra, files } = rpm.header;
  const modules = new Map<string, string>();
  await readPackagedModules(rpm, signal, (module) => {
    modules.set(module.path, digestModule(module.bytes));
  });
  return {
    nevra,
    tags: await rpm.readTags(),
    files: files.map(({ path: name, mode, linkTo, digest }) => {
      return { path: name, mode, linkTo, digest: modules.get(name) ?? digest };
    }),
  };
}

function digestModule(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  for (const { name, type, flags, bytes: content } of listContentSections(bytes)) {
    hash.update(JSON.stringify([name, type, flags, content.length])).update(content);
  }
  return hash.digest('hex');
}
