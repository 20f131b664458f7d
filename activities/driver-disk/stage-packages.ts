import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuiltPackage } from '../../model/cell.ts';
import type { DiskBuild } from '../../plan/choose-disk-builds.ts';
import type { RpmHeader } from '../../rpm/header.ts';
import type { StagedPackage } from '../../rpm/rhel-driver-disk.ts';
import type { ContentStore } from '../content-store.ts';
import { openRpm, type RpmFileReader } from '../rpm-file.ts';
import { type KeyDatabase, verifyRpm } from '../verify-signature.ts';
import { writeVerified } from '../write-verified.ts';

/** A published package that was copied for a driver disk, with what it says of itself. */
export interface DiskPackage extends StagedPackage {
  readonly kmod: string;
  /** `uname -r` of the kernel that it was built for. */
  readonly builtFor: string;
  readonly header: RpmHeader;
  readonly rpm: RpmFileReader;
  /** Seconds since 1970. */
  readonly buildTimeSeconds: number;
}

/** Nobody debugs an installer, and these packages are many times as large as the others. */
const DEBUG_PACKAGE = /-(?:debuginfo|debugsource)$/;
const BUILD_TIME_TAG = 1006;

/**
 * Copies the packages of builds out of the store: each must still be what was published, and signed by a key
 * of rekmod's.
 *
 * @returns In the order of the builds; without debug packages.
 * @throws {StateDamagedError} If the store does not have one any more.
 * @throws {ContentMismatchError} If it has other content.
 * @throws {SignatureRefusedError} If one is not signed by a key of the database.
 */
export async function stagePackages(
  builds: readonly DiskBuild[],
  directory: string,
  {
    store,
    keys,
    signal,
  }: { readonly store: ContentStore; readonly keys: KeyDatabase; readonly signal: AbortSignal },
): Promise<readonly DiskPackage[]> {
  await mkdir(directory, { recursive: true });
  const staged: DiskPackage[] = [];
  for (const { kmod, release: builtFor, published } of builds) {
    for (const file of published.packages.filter(({ nevra }) => !DEBUG_PACKAGE.test(nevra.name))) {
      const from = await copyStored(file, directory, store);
      await verifyRpm(file.fileName, from, { keys, signal });
      const rpm = await openRpm(from);
      const [buildTime = '0'] = (await rpm.readTags()).get(BUILD_TIME_TAG) ?? [];
      const { header } = rpm;
      const { fileName } = file;
      staged.push({
        kmod,
        builtFor,
        fileName,
        from,
        header,
        rpm,
        buildTimeSeconds: Number(buildTime),
      });
    }
  }
  return staged;
}

async function copyStored(
  { fileName, ...file }: BuiltPackage,
  directory: string,
  store: ContentStore,
): Promise<string> {
  const path = join(directory, fileName);
  const { sha256: value, sizeBytes } = file;
  const expected = { url: fileName, checksum: { type: 'sha256', value }, sizeBytes };
  await writeVerified(path, createReadStream(await store.require(file)), expected);
  return path;
}
