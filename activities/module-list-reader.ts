import { StateDamagedError } from '../model/activity-errors.ts';
import type { PackagedModule } from '../model/kabi.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import { readJsonSync } from './atomic-file.ts';
import { openBoundedCache } from './bounded-cache.ts';
import type { ContentStore } from './content-store.ts';
import { hasKeys } from './has-keys.ts';

/**
 * Reads what the modules of a build import and export, from the store.
 *
 * @throws {StateDamagedError} If the file is missing or holds something else.
 */
export type ModuleListReader = (file: StoredFile) => readonly PackagedModule[];

/** A kmod has some 15 kB; this is a thousand of them, about three times as much in memory. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** Opens a reader that keeps the lists it read last; their content is named by their digest. */
export function openModuleListReader(store: ContentStore): ModuleListReader {
  const kept = openBoundedCache<Sha256Hex, readonly PackagedModule[]>(KEPT_BYTES);
  return ({ sha256, sizeBytes }) => {
    const known = kept.get(sha256);
    if (known) return known;
    const path = store.pathOf(sha256);
    const modules = readJsonSync(path, isModuleList);
    if (!modules) throw new StateDamagedError(path, `expected ${sizeBytes} bytes, found no file`);
    kept.set(sha256, modules, sizeBytes);
    return modules;
  };
}

function isModuleList(value: unknown): value is readonly PackagedModule[] {
  return Array.isArray(value) && value.every((one) => hasKeys(one, 'path', 'imports', 'exports'));
}
