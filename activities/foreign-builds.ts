import { stat } from 'node:fs/promises';
import { compileGlob, type Glob, matchesGlob } from '../kabi/glob.ts';
import { NotFoundError } from '../model/activity-errors.ts';
import { RekmodError } from '../model/errors.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Kmod } from '../model/kmod.ts';
import {
  chooseForeignBuilds,
  type ForeignBuild,
  type ForeignPackage,
} from '../plan/choose-foreign-builds.ts';
import { isKernelPackage } from '../rpm/kernel-provides.ts';
import { readSymbolDependencies } from '../rpm/symbol-dependencies.ts';
import { isMissing } from './atomic-file.ts';
import { listKmodFiles } from './list-kmod-files.ts';
import { isModulePath, readPackagedModules } from './packaged-modules.ts';
import { openRpm } from './rpm-file.ts';

/**
 * Reads the builds of a kmod that somebody else made and that could serve a kernel; see
 * {@link chooseForeignBuilds}. Without `binaries` in the inventory there are none.
 *
 * @throws {NotFoundError} If a path is gone.
 * @throws {RpmHeaderParseError} If a file that is named by itself is no package; in a directory such a
 *   file is passed over, since a mirror may be in the middle of a sync.
 */
export type ForeignBuildReader = (
  kmod: string,
  kernel: Pick<Kernel, 'release' | 'arch'>,
  signal: AbortSignal,
) => Promise<readonly ForeignBuild[]>;

/** Some 20 MB; a kmod imports 100 symbols, the largest 2,000. */
const KEPT_IMPORTS = 200_000;

/** Opens a reader that keeps what it read of files that have not changed since. */
export function openForeignBuildReader(kmods: readonly Kmod[]): ForeignBuildReader {
  const readPackage = keepUnchanged(readForeignPackage);
  return async (name, kernel, signal) => {
    const { binaries } = kmods.find((kmod) => kmod.name === name) ?? {};
    if (!binaries) return [];
    const names = binaries.names.map(compileGlob);
    const packages: ForeignPackage[] = [];
    for (const path of binaries.paths) {
      for (const { file, isNamed } of await listFiles(name, path)) {
        const found = await tryPackage(() => readPackage(file, signal), { isNamed, signal });
        if (found && isMeant(found, names)) packages.push(found);
      }
    }
    return chooseForeignBuilds(packages, kernel);
  };
}

interface ForeignFile {
  readonly file: string;
  /** The inventory names this very file. */
  readonly isNamed: boolean;
}

async function listFiles(kmod: string, path: string): Promise<readonly ForeignFile[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ file: path, isNamed: true }];
    return (await listKmodFiles(path))
      .filter((file) => file.endsWith('.rpm'))
      .map((file) => ({ file, isNamed: false }));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new NotFoundError('read the binaries of', kmod, `expected "${path}", found nothing`);
  }
}

function isMeant({ nevra }: ForeignPackage, names: readonly Glob[]): boolean {
  return names.length === 0 || names.some((glob) => matchesGlob(glob, nevra.name));
}

async function tryPackage(
  read: () => Promise<ForeignPackage | undefined>,
  { isNamed, signal }: { readonly isNamed: boolean; readonly signal: AbortSignal },
): Promise<ForeignPackage | undefined> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    const isBroken = error instanceof RekmodError && error.failureClass === 'outcome';
    if (isNamed || !(isBroken || isMissing(error))) throw error;
    return undefined;
  }
}

/** @returns Undefined for a package that is no kmod, or has modules for several kernels. */
async function readForeignPackage(
  path: string,
  signal: AbortSignal,
): Promise<ForeignPackage | undefined> {
  const rpm = await openRpm(path);
  const { nevra, files } = rpm.header;
  const hasModules = files.some((file) => isModulePath(file.path));
  if (!hasModules || nevra.arch === 'src' || isKernelPackage(nevra.name)) return undefined;
  const modules = await readPackagedModules(rpm, signal);
  const releases = new Set(modules.map(({ vermagic }) => vermagic.split(' ')[0] ?? ''));
  const [release = ''] = releases;
  if (releases.size !== 1 || release === '') return undefined;
  return { nevra, release, boundTo: readSymbolDependencies(rpm.header).boundTo, modules };
}

type PackageReader = typeof readForeignPackage;

/** Reads a file again only when its size or its time has changed. */
function keepUnchanged(read: PackageReader): PackageReader {
  const kept = new Map<string, { state: string; found: ForeignPackage | undefined }>();
  let importCount = 0;
  const drop = (path: string): void => {
    importCount -= countImports(kept.get(path)?.found);
    kept.delete(path);
  };
  return async (path, signal) => {
    const { mtimeMs, size } = await stat(path);
    const state = `${mtimeMs} ${size}`;
    const known = kept.get(path);
    if (known?.state === state) return known.found;
    const found = await read(path, signal);
    drop(path);
    kept.set(path, { state, found });
    importCount += countImports(found);
    for (const oldest of kept.keys()) {
      if (importCount <= KEPT_IMPORTS) break;
      drop(oldest);
    }
    return found;
  };
}

function countImports(found: ForeignPackage | undefined): number {
  return found?.modules.reduce((sum, { imports }) => sum + imports.length, 1) ?? 1;
}
