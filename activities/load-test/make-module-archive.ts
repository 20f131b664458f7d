import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { canonicalModuleName, readLoadNeeds } from '../../kabi/load-needs.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { type CompressionFormat, decompressBytes, formatOf } from '../decompress.ts';
import { openRpm } from '../rpm-file.ts';
import { extractVmlinux } from './extract-vmlinux.ts';
import {
  ARCHIVE_FILES,
  ARCHIVE_VERSION,
  type ArchivedModule,
  type ArchiveIndex,
  MAX_MODULE_BYTES,
} from './module-archive.ts';

/** What an archive is made of. */
export interface ArchiveSource {
  /** `uname -r`; only what lies below this release's folder is taken. */
  readonly release: string;
  /** Verified RPM files: the kernel's core package and those with more of its modules. */
  readonly rpms: readonly string[];
  readonly signal: AbortSignal;
}

const MAX_PACK_BYTES = 4 * 1024 ** 3;
const MAX_MODULE_COUNT = 50_000;
/** Algorithms are asked for by alias, and come from here; aliases of all modules would mean to unpack them all. */
const ALGORITHM_PATH = /\/kernel\/(?:arch\/[^/]+\/)?crypto\//;
const MODULE_FILE = /^(?<name>[A-Za-z0-9_.+-]{1,63})\.ko(?:\.(?:xz|zst|gz))?$/;
const IMAGE_NAMES = ['vmlinuz', 'vmlinux', 'Image', 'Image.gz', 'vmlinuz.efi'];
const pack = promisify(gzip);

/**
 * Takes the image and all modules out of a kernel's packages into a new archive; half an archive is never seen.
 *
 * @param directory Replaced if it exists.
 * @throws {ContentInvalidError} If the packages have no image of this release.
 */
export async function makeModuleArchive(directory: string, source: ArchiveSource): Promise<void> {
  const temporary = `${directory}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true });
  try {
    await fill(temporary, source);
    await rm(directory, { recursive: true, force: true });
    await mkdir(dirname(directory), { recursive: true });
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function fill(directory: string, source: ArchiveSource): Promise<void> {
  await using packFile = await open(join(directory, ARCHIVE_FILES.pack), 'wx');
  const collected = createCollector(packFile);
  for (const rpm of source.rpms) await addPackage(rpm, source, collected);
  const image = collected.image();
  if (image === undefined) {
    const names = source.rpms.map((path) => basename(path)).join(', ');
    throw new ContentInvalidError(names, `expected an image of ${source.release}, found none`);
  }
  const kernel = await extractVmlinux(image, source.signal);
  await packFile.sync();
  await writeFile(join(directory, ARCHIVE_FILES.kernel), kernel, { flush: true });
  const index: ArchiveIndex = {
    version: ARCHIVE_VERSION,
    release: source.release,
    ...collected.index(),
  };
  await writeFile(join(directory, ARCHIVE_FILES.index), JSON.stringify(index), { flush: true });
}

type Collector = ReturnType<typeof createCollector>;

function createCollector(packFile: FileHandle) {
  const modules = new Map<string, ArchivedModule>();
  const aliases = new Map<string, string[]>();
  let image: Uint8Array | undefined;
  let offset = 0;
  return {
    has: (name: string) => modules.has(name),
    image: () => image,
    setImage(bytes: Uint8Array): void {
      image ??= bytes;
    },
    addAliases(name: string, names: readonly string[]): void {
      for (const alias of names) aliases.set(alias, [...(aliases.get(alias) ?? []), name].sort());
    },
    async add(name: string, format: CompressionFormat, bytes: Uint8Array): Promise<void> {
      modules.set(name, { offset, sizeBytes: bytes.length, format });
      offset += bytes.length;
      if (offset > MAX_PACK_BYTES || modules.size > MAX_MODULE_COUNT) {
        const limits = `${MAX_MODULE_COUNT} modules of ${MAX_PACK_BYTES} bytes`;
        throw new ContentInvalidError(name, `expected at most ${limits} in a kernel, found more`);
      }
      await packFile.write(bytes);
    },
    index: () => ({ modules: [...modules], aliases: [...aliases] }),
  };
}

async function addPackage(rpm: string, source: ArchiveSource, collected: Collector): Promise<void> {
  const { signal } = source;
  const reader = await openRpm(rpm);
  await reader.visitFiles(
    {
      wants: (path) => isImage(path, source) || moduleName(path, source) !== undefined,
      maxBytesPerFile: MAX_MODULE_BYTES,
      signal,
    },
    async (path, bytes) => {
      const name = moduleName(path, source);
      // Of files that are links of each other all but one are empty.
      if (bytes.length === 0) return;
      if (name === undefined) collected.setImage(bytes);
      else if (!collected.has(name)) await addModule(path, { name, bytes }, { collected, signal });
    },
  );
}

async function addModule(
  path: string,
  { name, bytes }: { readonly name: string; readonly bytes: Uint8Array },
  { collected, signal }: { readonly collected: Collector; readonly signal: AbortSignal },
): Promise<void> {
  const format = formatOf(path);
  if (ALGORITHM_PATH.test(path)) {
    const plain = await decompressBytes(format, bytes, { maxBytes: MAX_MODULE_BYTES, signal });
    collected.addAliases(name, readLoadNeeds(plain).aliases);
  }
  if (format !== 'plain') await collected.add(name, format, bytes);
  else await collected.add(name, 'gz', await pack(bytes, { level: 1 }));
}

function isImage(path: string, { release }: ArchiveSource): boolean {
  const inModules = IMAGE_NAMES.map((name) => `/lib/modules/${release}/${name}`);
  const inBoot = IMAGE_NAMES.map((name) => `/boot/${name}-${release}`);
  return [...inModules, ...inModules.map((name) => `/usr${name}`), ...inBoot].includes(path);
}

/** Modules that were put there for other kernels (`weak-updates`) are not the kernel's own. */
function moduleName(path: string, { release }: ArchiveSource): string | undefined {
  const roots = [`/lib/modules/${release}/`, `/usr/lib/modules/${release}/`];
  if (!roots.some((root) => path.startsWith(root)) || path.includes('/weak-updates/')) {
    return undefined;
  }
  const name = MODULE_FILE.exec(basename(path))?.groups?.name;
  return name === undefined ? undefined : canonicalModuleName(name);
}
