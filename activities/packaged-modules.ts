import { readModuleFacts } from '../kabi/module-facts.ts';
import type { PackagedModule } from '../model/kabi.ts';
import { decompressBytes, formatOf } from './decompress.ts';
import type { RpmFileReader } from './rpm-file.ts';

/** No module has a tenth of this. */
export const MAX_MODULE_BYTES = 256 * 1024 * 1024;

const MODULE_PATTERN = /\.ko(?:\.(?:xz|zst|gz))?$/;

/** Whether a path is that of a kernel module, compressed or not. */
export function isModulePath(path: string): boolean {
  return MODULE_PATTERN.test(path);
}

/** A module that was just read, with its bytes, which are not kept. */
export interface ReadModule {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads the kernel modules in an RPM's payload.
 *
 * @param onModule Gets each module with its plain bytes, in the payload's order.
 * @returns Sorted by path; empty for a package without modules.
 * @throws {ModuleParseError} If one is no kernel module.
 * @throws {DecompressError} If one is broken or unpacks to more than 256 MiB.
 */
export async function readPackagedModules(
  rpm: RpmFileReader,
  signal: AbortSignal,
  onModule?: (read: ReadModule) => void,
): Promise<readonly PackagedModule[]> {
  const files = await rpm.readFiles({
    wants: isModulePath,
    maxBytesPerFile: MAX_MODULE_BYTES,
    signal,
  });
  const modules: PackagedModule[] = [];
  for (const [path, bytes] of files) {
    const bounds = { maxBytes: MAX_MODULE_BYTES, signal };
    const plain = await decompressBytes(formatOf(path), bytes, bounds);
    const facts = readModuleFacts(plain);
    modules.push({ path, ...facts });
    onModule?.({ name: facts.name, path, bytes: plain });
  }
  return modules.sort((a, b) => (a.path < b.path ? -1 : 1));
}
