import { canonicalModuleName } from '../../kabi/load-needs.ts';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import { LoadTestError } from '../../model/load-test-errors.ts';
import type { StoredFile } from '../../model/store.ts';
import type { ContentStore } from '../content-store.ts';
import { decompressBytes, formatOf } from '../decompress.ts';
import { openRpm } from '../rpm-file.ts';
import { MAX_MODULE_BYTES } from './module-archive.ts';

/** A module of a built package, uncompressed. */
export interface BuiltModule {
  /** The kernel's name of it. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

const MODULE_PATTERN = /\.ko(?:\.(?:xz|zst|gz))?$/;

/**
 * Reads the modules of packages.
 *
 * @throws {LoadTestError} If two are of one name: the kernel could only take one of them.
 */
export async function readModules(
  packages: readonly StoredFile[],
  store: ContentStore,
  signal: AbortSignal,
): Promise<readonly BuiltModule[]> {
  const modules = new Map<string, BuiltModule>();
  for (const file of packages) {
    const rpm = await openRpm(await store.require(file));
    const files = await rpm.readFiles({
      wants: (path) => MODULE_PATTERN.test(path),
      maxBytesPerFile: MAX_MODULE_BYTES,
      signal,
    });
    for (const [path, content] of files) {
      const options = { maxBytes: MAX_MODULE_BYTES, signal };
      const bytes = await decompressBytes(formatOf(path), content, options);
      const name = canonicalModuleName(readModuleFacts(bytes).name);
      if (modules.has(name)) {
        throw new LoadTestError(`expected one module ${name} in the packages, found two`);
      }
      modules.set(name, { name, bytes });
    }
  }
  return [...modules.values()];
}

/**
 * Chooses what is tried of a package; the rest is inserted where those need it.
 *
 * @param wanted Names; all modules when undefined.
 * @throws {LoadTestError} If a wanted module is not there, or there is none at all.
 */
export function chooseModules(
  modules: readonly BuiltModule[],
  wanted: readonly string[] | undefined,
): readonly BuiltModule[] {
  const known = modules.map(({ name }) => name);
  const missing = wanted?.find((name) => !known.includes(name));
  if (missing !== undefined || modules.length === 0) {
    const found = known.slice(0, 20).join(', ') || 'none';
    throw new LoadTestError(
      `expected module ${missing ?? 'files'} in the packages, found ${found}`,
    );
  }
  return wanted === undefined ? modules : modules.filter(({ name }) => wanted.includes(name));
}
