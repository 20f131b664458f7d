import { join } from 'node:path';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import { readJson, writeJson } from './atomic-file.ts';
import type { ContentStore } from './content-store.ts';
import type { DataDirectory } from './data-directory.ts';
import { openRpm } from './rpm-file.ts';

/**
 * Reads which options a kernel was configured with.
 *
 * @returns Those that are built in or modules, e.g. `CONFIG_PCI`; undefined if its build tree has no
 *   configuration.
 */
export type KernelOptionsReader = (
  devel: StoredFile,
  signal: AbortSignal,
) => Promise<ReadonlySet<string> | undefined>;

/** A distribution's configuration has about 10,000 lines, 300 kB. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
/** Below `/usr/src/kernels/<uname -r>`, of SUSE `/usr/src/linux-<…>-obj/<arch>/<flavour>`. */
const CONFIG =
  /^\/usr\/src\/(?:kernels\/[^/]+|linux-[^/]*-obj\/[^/]+\/[^/]+)\/(?:\.config|include\/config\/auto\.conf)$/;
const ENABLED = /^(?<name>CONFIG_[A-Za-z0-9_]+)=[ym]$/gm;
const KEPT_KERNELS = 3;

/** Opens a reader of kernel-devel packages in the store, which remembers what it read. */
export function openKernelOptionsReader(
  data: DataDirectory,
  store: ContentStore,
): KernelOptionsReader {
  const kept = new Map<Sha256Hex, Promise<ReadonlySet<string> | undefined>>();

  async function read(devel: StoredFile, signal: AbortSignal) {
    const path = join(data.cache, 'kernel-options', `${devel.sha256}.json`);
    const known = await readJson(path, isRecord);
    if (known) return known.options && new Set(known.options);
    const options = await readFromRpm(await store.require(devel), signal);
    // Going through the package takes a second; other processes want to know it as well.
    await writeJson(path, options ? { options } : {});
    return options && new Set(options);
  }

  return (devel, signal) => {
    const options = kept.get(devel.sha256) ?? read(devel, signal);
    kept.delete(devel.sha256);
    kept.set(devel.sha256, options);
    for (const oldest of [...kept.keys()].slice(0, -KEPT_KERNELS)) kept.delete(oldest);
    // A failure is for this caller; the next one reads again.
    options.catch(() => kept.delete(devel.sha256));
    return options;
  };
}

async function readFromRpm(
  path: string,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const rpm = await openRpm(path);
  const files = await rpm.readFiles({
    wants: (name) => CONFIG.test(name),
    maxBytesPerFile: MAX_CONFIG_BYTES,
    signal,
  });
  const [config] = files.values();
  if (config === undefined) return undefined;
  const text = new TextDecoder().decode(config);
  return [...text.matchAll(ENABLED)].map(({ groups }) => groups?.name ?? '');
}

function isRecord(value: unknown): value is { readonly options?: readonly string[] } {
  return typeof value === 'object' && value !== null;
}
