import { type FileHandle, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StateDamagedError } from '../../model/activity-errors.ts';
import { type CompressionFormat, decompressBytes } from '../decompress.ts';

/** A module in an archive. */
export interface ArchivedModule {
  /** Where it begins in the pack. */
  readonly offset: number;
  readonly sizeBytes: number;
  readonly format: CompressionFormat;
}

/** What `index.json` of an archive holds. */
export interface ArchiveIndex {
  readonly version: typeof ARCHIVE_VERSION;
  /** `uname -r`. */
  readonly release: string;
  /** Name and place of each module, dashes as underscores, e.g. `["nf_conntrack", {…}]`. */
  readonly modules: readonly (readonly [name: string, place: ArchivedModule])[];
  /** Alias of an algorithm to the modules that offer it, e.g. `["crypto_crc32c", ["crc32c_generic"]]`. */
  readonly aliases: readonly (readonly [alias: string, names: readonly string[]])[];
}

/** A kernel with all modules that come with it, unpacked once so that load tests find what they need quickly. */
export interface ModuleArchive {
  readonly release: string;
  /** Path of the `vmlinux`, or of the image where that cannot be booted. */
  readonly kernel: string;
  /** Modules of a name: the one that is called so, else those with this alias. */
  find(name: string): readonly string[];
  /**
   * Reads a module that {@link find} named, uncompressed.
   *
   * @throws {StateDamagedError} If the pack is cut.
   */
  read(name: string, signal: AbortSignal): Promise<Uint8Array>;
}

/** Grows when archives of before cannot be read any more. */
export const ARCHIVE_VERSION = 1;
/** Names of the files of an archive. */
export const ARCHIVE_FILES = {
  kernel: 'kernel',
  pack: 'modules.pack',
  index: 'index.json',
} as const;
/** amdgpu, the largest of all, has 25 MB; with debug information ten times that. */
export const MAX_MODULE_BYTES = 256 * 1024 * 1024;

/**
 * Opens an archive that {@link makeModuleArchive} made.
 *
 * @throws {StateDamagedError} If there is none, or another version's.
 */
export async function openModuleArchive(directory: string): Promise<ModuleArchive> {
  const index = await readIndex(join(directory, ARCHIVE_FILES.index));
  const pack = join(directory, ARCHIVE_FILES.pack);
  const modules = new Map(index.modules);
  const aliases = new Map(index.aliases);
  return {
    release: index.release,
    kernel: join(directory, ARCHIVE_FILES.kernel),
    find: (name) => (modules.has(name) ? [name] : (aliases.get(name) ?? [])),
    async read(name, signal) {
      const place = modules.get(name);
      if (place === undefined) throw new Error(`BUG: no module ${name} in the archive`);
      await using file = await open(pack);
      const bytes = await readPlace(file, pack, place);
      return await decompressBytes(place.format, bytes, { maxBytes: MAX_MODULE_BYTES, signal });
    },
  };
}

async function readIndex(path: string): Promise<ArchiveIndex> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new StateDamagedError(path, 'expected the index of a module archive, found none', {
      cause,
    });
  });
  const index: ArchiveIndex = JSON.parse(text);
  if (index.version === ARCHIVE_VERSION) return index;
  throw new StateDamagedError(path, `expected version ${ARCHIVE_VERSION}, found ${index.version}`);
}

async function readPlace(
  file: FileHandle,
  path: string,
  { offset, sizeBytes }: ArchivedModule,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(sizeBytes);
  const { bytesRead } = await file.read(bytes, 0, sizeBytes, offset);
  if (bytesRead === sizeBytes) return bytes;
  throw new StateDamagedError(path, `expected ${offset + sizeBytes} bytes, found fewer`);
}
