import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { toModuleName } from '../../kabi/resolve.ts';
import type { DiskFile } from '../../model/driver-disk.ts';
import { orderForLoading } from '../../plan/load-order.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { layOutRhelDisk, type StagedPackage } from '../../rpm/rhel-driver-disk.ts';
import { layOutSuseUpdate } from '../../rpm/suse-driver-update.ts';
import { isModulePath, MAX_MODULE_BYTES, readPackagedModules } from '../packaged-modules.ts';
import type { KeyDatabase } from '../verify-signature.ts';
import type { DriverDiskRequest } from './make-driver-disk.ts';
import { listPublicKeys } from './public-keys.ts';
import type { DiskPackage } from './stage-packages.ts';

/** Lays out the files of a driver disk; modules that an installer wants by themselves are unpacked first. */
export async function layOutDisk(
  { kernel, format, products }: Pick<DriverDiskRequest, 'kernel' | 'format' | 'products'>,
  packages: readonly DiskPackage[],
  {
    keys,
    scratch,
    signal,
  }: { readonly keys: KeyDatabase; readonly scratch: string; readonly signal: AbortSignal },
): Promise<readonly DiskFile[]> {
  if (format === 'rhel') return layOutRhelDisk(kernel.arch, packages);
  return layOutSuseUpdate({
    arch: kernel.arch,
    products,
    id: makeId([...products, ...packages.map(({ fileName }) => fileName)]),
    names: packages.map(({ header, buildTimeSeconds }) => {
      return `${formatNevra(header.nevra)}\t${new Date(buildTimeSeconds * 1000).toISOString()}`;
    }),
    packages,
    modules: await unpackModules(packages, join(scratch, 'modules'), signal),
    keys: await listPublicKeys(keys, signal),
  });
}

/** In the form of a UUID; the same packages for the same products have the same. */
function makeId(parts: readonly string[]): string {
  const hex = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Writes modules out as they are packaged, compressed or not. @returns In the order in which they are loaded. */
async function unpackModules(
  packages: readonly DiskPackage[],
  directory: string,
  signal: AbortSignal,
): Promise<readonly StagedPackage[]> {
  await mkdir(directory, { recursive: true });
  const files = new Map<string, StagedPackage>();
  const needs = new Map<string, readonly string[]>();
  for (const { rpm } of packages) {
    const names = new Map<string, string>();
    for (const { path, name, depends } of await readPackagedModules(rpm, signal)) {
      names.set(path, toModuleName(name));
      needs.set(toModuleName(name), depends.map(toModuleName));
    }
    const bounds = { wants: isModulePath, maxBytesPerFile: MAX_MODULE_BYTES, signal };
    await rpm.visitFiles(bounds, async (path, bytes) => {
      const fileName = basename(path);
      const from = join(directory, fileName);
      await writeFile(from, bytes);
      files.set(names.get(path) ?? fileName, { fileName, from });
    });
  }
  return orderForLoading(needs, [...needs.keys()].sort()).flatMap((name) => files.get(name) ?? []);
}
