import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { DiskContainer, DiskFormat, DriverDisk } from '../../model/driver-disk.ts';
import { DriverDiskRefusedError } from '../../model/driver-disk-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { StoredFile } from '../../model/store.ts';
import type { DiskBuild } from '../../plan/choose-disk-builds.ts';
import { describeDiskFaults, describeDiskRemarks } from '../../report/describe-disk-faults.ts';
import { packageFolderOf } from '../../rpm/rhel-driver-disk.ts';
import type { AssessDeps } from '../assess.ts';
import type { ContentStore } from '../content-store.ts';
import type { DataDirectory } from '../data-directory.ts';
import { runProgram } from '../run-program.ts';
import { examinePackages } from './examine-packages.ts';
import { gatherDiskBuilds } from './gather-disk-builds.ts';
import { layOutDisk } from './lay-out-disk.ts';
import { packTree } from './pack-tree.ts';
import { openPublicKeys } from './public-keys.ts';
import { type DiskPackage, stagePackages } from './stage-packages.ts';
import { levelTree, listTree, writeTree } from './write-tree.ts';

/** What disk is wanted. */
export interface DriverDiskRequest {
  readonly kmod: string;
  /** The installer's. */
  readonly kernel: Kernel;
  readonly format: DiskFormat;
  readonly container: DiskContainer;
  /** SUSE's products that it is for, e.g. `['leap15.6']`; not empty for that format. */
  readonly products: readonly string[];
  /** Path of the file. */
  readonly output: string;
  /** Whether a file that is there is replaced. */
  readonly isForced: boolean;
}

export interface DriverDiskDeps extends Omit<AssessDeps, 'onChange'> {
  readonly data: DataDirectory;
  readonly store: ContentStore;
  /** An empty directory. */
  readonly scratch: string;
}

/**
 * Writes a driver disk with the published packages of a kmod and of the kmods that it needs, for an installer
 * that runs a given kernel. The same packages give the same bytes.
 *
 * Packages are taken as they were published, their signatures checked; nothing is written that the
 * installer would pass over or could not load.
 *
 * @throws {DriverDiskRefusedError} If a published build is missing, or the installer would not use one.
 * @throws {ContentInvalidError} If a file would be replaced.
 */
export async function makeDriverDisk(
  request: DriverDiskRequest,
  deps: DriverDiskDeps,
  signal: AbortSignal,
): Promise<DriverDisk> {
  await refuseToReplace(request);
  const { kmod, kernel, format, container } = request;
  const { scratch, store } = deps;
  const builds = await gatherDiskBuilds(kmod, kernel, deps, signal);
  const keys = await openPublicKeys(deps.data, scratch);
  const staged = join(scratch, 'packages');
  const packages = await stagePackages(builds, staged, { store, keys, signal });
  const { release, stream } = kernel;
  const { contents, judged } = await examinePackages(packages, staged, { ...deps, kernel, signal });
  const faults = describeDiskFaults({ kmod, release, format, contents, judged });
  if (faults.length > 0) throw new DriverDiskRefusedError(kmod, release, faults);

  const tree = join(scratch, 'tree');
  const timeSeconds = Math.max(...packages.map(({ buildTimeSeconds }) => buildTimeSeconds));
  await writeTree(tree, await layOutDisk(request, packages, { keys, scratch, signal }));
  await levelTree(tree, timeSeconds);
  if (format === 'rhel') {
    await makeRepository(join(tree, packageFolderOf(kernel.arch)), timeSeconds, signal);
    await levelTree(tree, timeSeconds);
  }
  const written = await writeWhole(request.output, (path) =>
    packTree(tree, path, { container, timeSeconds, signal }),
  );
  const kmods = builds.map((build) => describeBuild(build, packages));
  return {
    path: resolve(request.output),
    ...{ format, container, stream, kernel: release, kmods, ...written },
    ...(format === 'suse' ? { products: request.products } : {}),
    files: await listTree(tree),
    remarks: describeDiskRemarks({ kmod, release, format, contents }, kmods),
  };
}

async function refuseToReplace({ output, isForced }: DriverDiskRequest): Promise<void> {
  const isThere = await stat(output).then(
    () => true,
    () => false,
  );
  if (!isThere || isForced) return;
  throw new ContentInvalidError(output, 'expected no file of this name, found one; add --force');
}

/** A single reader, whose order is that of the names, and times that are told: equal packages, equal metadata. */
async function makeRepository(
  directory: string,
  timeSeconds: number,
  signal: AbortSignal,
): Promise<void> {
  const fixed = [`--revision=${timeSeconds}`, '--set-timestamp-to-revision', '--workers=1'];
  const form = ['--no-database', '--general-compress-type=gz'];
  await runProgram(['createrepo_c', '--quiet', ...form, ...fixed, directory], { signal });
}

/** Writes beside the file and renames: what exists under its name is whole. */
async function writeWhole(
  output: string,
  write: (path: string) => Promise<void>,
): Promise<StoredFile> {
  const unfinished = join(dirname(output), `.${basename(output)}.unfinished`);
  try {
    await rm(unfinished, { force: true });
    await write(unfinished);
    await using file = await open(unfinished, 'r+');
    await file.sync();
    const { size: sizeBytes } = await file.stat();
    const sha256 = createHash('sha256');
    for await (const chunk of createReadStream(unfinished)) sha256.update(chunk);
    await rename(unfinished, output);
    return { sha256: sha256.digest('hex'), sizeBytes };
  } finally {
    await rm(unfinished, { force: true });
  }
}

function describeBuild({ kmod, release }: DiskBuild, packages: readonly DiskPackage[]) {
  const own = packages.filter((one) => one.kmod === kmod);
  return { kmod, builtFor: release, packages: own.map(({ fileName }) => fileName) };
}
