import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseSymvers } from '../kabi/symvers.ts';
import { readVermagicFlags } from '../kabi/vermagic.ts';
import { ContentInvalidError } from '../model/activity-errors.ts';
import type { Symvers } from '../model/kabi.ts';
import { type CompressionFormat, decompress, decompressBytes } from './decompress.ts';
import { isFile } from './location.ts';
import type { RpmFileReader } from './rpm-file.ts';
import { formatOfBytes } from './sniff-file.ts';

/** A Module.symvers has about 25,000 lines, 1.7 MB; nothing near this is one. */
const MAX_SYMVERS_BYTES = 64 * 1024 * 1024;

/**
 * A build tree's `Module.symvers`, and what kernel packages have for weak-modules:
 * `/lib/modules/<release>/symvers.gz`, `/boot/symvers-<release>.xz`.
 */
const SYMVERS_PATH = /\/(?:Module\.symvers|symvers(?:-[^/]+)?(?:\.(?:gz|xz|zst))?)$/;

/** `include/config/auto.conf` of a build tree, else `config` of `/lib/modules/<release>`. */
const CONFIG_NAMES = ['include/config/auto.conf', 'config'];
const CONFIG_PATH = /\/include\/config\/auto\.conf$|^(?:\/usr)?\/lib\/modules\/[^/]+\/config$/;

function isSymversPath(path: string): boolean {
  return SYMVERS_PATH.test(path);
}

/**
 * Reads a kernel's exports from a file: `Module.symvers`, or one of the compressed copies.
 *
 * @throws {SymversParseError} If it is something else.
 * @throws {ContentInvalidError} If it has no symbols: everything would seem lost.
 * @throws {DecompressError} If it is broken or unpacks to more than 64 MiB.
 */
export async function readSymversFile(
  path: string,
  format: CompressionFormat,
  signal: AbortSignal,
): Promise<KernelContent> {
  const chunks: Uint8Array[] = [];
  const bounds = { maxBytes: MAX_SYMVERS_BYTES, signal };
  for await (const chunk of decompress(format, createReadStream(path), bounds)) chunks.push(chunk);
  const text = new TextDecoder().decode(Buffer.concat(chunks));
  return toContent(path, text, await findConfig(dirname(path)));
}

/** What a kernel's package or directory tells. */
export interface KernelContent {
  readonly symvers: Symvers;
  /** The flags of its vermagic, where its configuration is beside. */
  readonly vermagicFlags?: readonly string[];
}

/**
 * Reads a kernel's exports from the payload of its package: `kernel-devel` has a `Module.symvers`,
 * `kernel-core` and SUSE's `kernel-default` have compressed copies.
 *
 * @param thing What the package is called in messages.
 * @returns Undefined if there is no such file.
 * @throws {ContentInvalidError} If there are several that differ, or it has no symbols.
 */
export async function findPackagedSymvers(
  rpm: RpmFileReader,
  thing: string,
  signal: AbortSignal,
): Promise<KernelContent | undefined> {
  if (!rpm.header.files.some(({ path }) => isSymversPath(path))) return undefined;
  const files = await rpm.readFiles({
    wants: (path) => isSymversPath(path) || CONFIG_PATH.test(path),
    maxBytesPerFile: MAX_SYMVERS_BYTES,
    signal,
  });
  const texts = new Set<string>();
  const configs = new Set<string>();
  for (const [path, bytes] of files) {
    // Of hard links of each other only the last has content; cpio says so.
    if (bytes.length === 0) continue;
    const bounds = { maxBytes: MAX_SYMVERS_BYTES, signal };
    const plain = await decompressBytes(formatOfBytes(bytes), bytes, bounds);
    (isSymversPath(path) ? texts : configs).add(new TextDecoder().decode(plain));
  }
  const [text] = texts;
  if (text === undefined) return undefined;
  if (texts.size > 1) {
    throw new ContentInvalidError(thing, `expected one Module.symvers, found ${texts.size}`);
  }
  const [config] = configs;
  return toContent(thing, text, configs.size === 1 ? config : undefined);
}

function toContent(thing: string, text: string, config: string | undefined): KernelContent {
  const symvers = requireSymbols(thing, parseSymvers(text));
  return config === undefined ? { symvers } : { symvers, vermagicFlags: readVermagicFlags(config) };
}

/** A kernel's configuration beside its exports; undefined if there is none. */
async function findConfig(directory: string): Promise<string | undefined> {
  for (const name of CONFIG_NAMES) {
    const path = join(directory, name);
    if ((await isFile(path)) && (await stat(path)).size <= MAX_SYMVERS_BYTES) {
      return await readFile(path, 'utf8');
    }
  }
  return undefined;
}

function requireSymbols(thing: string, symvers: Symvers): Symvers {
  if (symvers.size > 0) return symvers;
  throw new ContentInvalidError(thing, 'expected symbols that a kernel exports, found none');
}
