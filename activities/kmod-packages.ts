import { createReadStream } from 'node:fs';
import { basename, relative } from 'node:path';
import { readModuleFacts } from '../kabi/module-facts.ts';
import { ContentInvalidError } from '../model/activity-errors.ts';
import { RekmodError } from '../model/errors.ts';
import type { ModuleFacts } from '../model/kabi.ts';
import type { KmodPackage } from '../model/kabi-check.ts';
import { findKernelPart } from '../rpm/kernel-provides.ts';
import { flavourOfRelease } from '../rpm/kernel-release.ts';
import { findKmodPackage } from '../rpm/kmod-metadata.ts';
import { formatNevra } from '../rpm/nevra.ts';
import { readSymbolDependencies } from '../rpm/symbol-dependencies.ts';
import { type CompressionFormat, decompress } from './decompress.ts';
import type { ForeignOptions } from './kernel-exports.ts';
import { listKmodFiles } from './list-kmod-files.ts';
import { findRepository, locate } from './location.ts';
import { type MetadataSource, readPackageMetadata } from './package-metadata.ts';
import { isModulePath, MAX_MODULE_BYTES, readPackagedModules } from './packaged-modules.ts';
import { openRpm } from './rpm-file.ts';
import { sniffFile } from './sniff-file.ts';

/** What was found where a person pointed to. */
export interface KmodReading {
  readonly packages: readonly KmodPackage[];
  /** Files that cannot be read, which must not hide what the others say. */
  readonly unreadable: readonly UnreadableFile[];
  /** How many packages are no kmods: kernels, tools, sources. */
  readonly otherCount: number;
}

/** A file that is no module and no package, or a broken one. */
export interface UnreadableFile {
  readonly name: string;
  readonly reason: string;
}

/** ELRepo's repositories have some 100,000. */
const SYMBOL_LIMIT = 2_000_000;

/**
 * Reads kmods that somebody built: `.ko` files (also `.ko.xz`, `.ko.zst`, `.ko.gz`), RPMs with modules,
 * RPMs and repositories of which only the metadata is looked at.
 *
 * A directory is read file by file, with those below it; its `repodata` only if just metadata is
 * wanted. In a directory or repository packages that are no kmods are passed over.
 *
 * @param source A path, or a repository's URL.
 * @throws {NotFoundError} If nothing is there.
 * @throws {ContentInvalidError} If it has more files or symbols than kmods have.
 */
export async function readKmodPackages(
  source: string,
  options: ForeignOptions,
): Promise<KmodReading> {
  const location = await locate(source);
  if (location.kind === 'repository') return await readMetadata(source, location, options);
  if (location.kind === 'file') {
    const name = basename(location.path);
    return collect([await tryFile(location.path, name, { ...options, isNamed: true })]);
  }
  const repository = options.isMetadataOnly ? await findRepository(location.path) : undefined;
  if (repository !== undefined) {
    return await readMetadata(source, { kind: 'repository', url: repository }, options);
  }
  const found: FileReading[] = [];
  for (const path of await listKmodFiles(location.path)) {
    const name = relative(location.path, path);
    found.push(await tryFile(path, name, { ...options, isNamed: false }));
  }
  return collect(found);
}

type FileReading = KmodReading | KmodPackage | UnreadableFile | 'other';

interface FileOptions extends ForeignOptions {
  /** A person named this very file: that it is no kmod is worth saying. */
  readonly isNamed: boolean;
}

function collect(found: readonly FileReading[]): KmodReading {
  const packages: KmodPackage[] = [];
  const unreadable: UnreadableFile[] = [];
  let otherCount = 0;
  for (const one of found) {
    if (one === 'other') otherCount += 1;
    else if ('reason' in one) unreadable.push(one);
    else if ('modules' in one) packages.push(one);
    else {
      packages.push(...one.packages);
      unreadable.push(...one.unreadable);
      otherCount += one.otherCount;
    }
  }
  return { packages, unreadable, otherCount };
}

/** Reads a file; what is wrong with it is a result, so that the others are looked at, too. */
async function tryFile(path: string, name: string, options: FileOptions): Promise<FileReading> {
  try {
    return await readFile(path, name, options);
  } catch (error) {
    options.signal.throwIfAborted();
    const isOwnFault = error instanceof RekmodError && error.failureClass === 'outcome';
    if (!isOwnFault && !isSystemError(error)) throw error;
    return { name, reason: error.message };
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

async function readFile(path: string, name: string, options: FileOptions): Promise<FileReading> {
  const { signal } = options;
  const kind = await sniffFile(path, { maxBytes: MAX_MODULE_BYTES, signal });
  switch (kind.content) {
    case 'rpm':
      return await readPackage(path, options);
    case 'module':
      return await readModule(path, name, { format: kind.format, signal });
    case 'xml':
      return await readMetadata(path, { kind: 'primary', path, format: kind.format }, options);
    case 'text':
      throw new ContentInvalidError(name, 'expected a kernel module or a package, found neither');
  }
}

async function readModule(
  path: string,
  name: string,
  { format, signal }: { readonly format: CompressionFormat; readonly signal: AbortSignal },
): Promise<KmodPackage> {
  const chunks: Uint8Array[] = [];
  const bounds = { maxBytes: MAX_MODULE_BYTES, signal };
  for await (const chunk of decompress(format, createReadStream(path), bounds)) chunks.push(chunk);
  const facts = readModuleFacts(Buffer.concat(chunks));
  const arch = facts.arch === undefined ? {} : { arch: facts.arch };
  return {
    name,
    modules: [facts],
    ...arch,
    ...describeTarget([facts]),
    boundTo: [],
    symsets: [],
    importsFromKmods: [],
  };
}

async function readPackage(path: string, options: FileOptions): Promise<FileReading> {
  const rpm = await openRpm(path);
  const { nevra, files } = rpm.header;
  const hasModules = files.some((file) => isModulePath(file.path));
  if (findKernelPart(nevra, rpm.header)) return passOver(path, 'a kernel', options);
  if (nevra.arch === 'src') return passOver(path, 'a source package', options);
  if (options.isMetadataOnly || !hasModules) {
    const found = findKmodPackage(nevra, rpm.header);
    return found ?? passOver(path, 'neither modules nor requirements on kernel symbols', options);
  }
  const modules = await readPackagedModules(rpm, options.signal);
  const { boundTo, importsFromKmods } = readSymbolDependencies(rpm.header);
  return {
    name: formatNevra(nevra),
    modules,
    arch: nevra.arch,
    ...describeTarget(modules),
    boundTo,
    symsets: [],
    importsFromKmods,
  };
}

function passOver(path: string, found: string, { isNamed }: FileOptions): FileReading {
  if (!isNamed) return 'other';
  throw new ContentInvalidError(basename(path), `expected a kmod, found ${found}`);
}

/** For which kernel modules were built, from their vermagic. */
function describeTarget(
  modules: readonly ModuleFacts[],
): Pick<KmodPackage, 'builtFor' | 'flavours'> {
  const releases = new Set(modules.map(({ vermagic }) => vermagic.split(' ')[0] ?? ''));
  const [builtFor = ''] = releases;
  if (releases.size !== 1 || builtFor === '') return { flavours: [] };
  return { builtFor, flavours: [flavourOfRelease(builtFor)] };
}

async function readMetadata(
  thing: string,
  source: MetadataSource,
  { scratch, signal }: ForeignOptions,
): Promise<KmodReading> {
  const packages: KmodPackage[] = [];
  let otherCount = 0;
  let symbolCount = 0;
  await readPackageMetadata(source, {
    scratch,
    signal,
    onPackage(nevra, dependencies) {
      const found = nevra.arch === 'src' ? undefined : findKmodPackage(nevra, dependencies);
      if (!found) {
        otherCount += 1;
        return;
      }
      for (const { imports, exports } of found.modules)
        symbolCount += imports.length + exports.length;
      if (symbolCount > SYMBOL_LIMIT) {
        const detail = `expected at most ${SYMBOL_LIMIT} symbols of kmods, found more`;
        throw new ContentInvalidError(thing, detail);
      }
      packages.push(found);
    },
  });
  return { packages, unreadable: [], otherCount };
}
