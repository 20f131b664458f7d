import { StateDamagedError } from '../model/activity-errors.ts';
import type { PackagedModule } from '../model/kabi.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import { readJsonSync } from './atomic-file.ts';
import type { ContentStore } from './content-store.ts';

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
  const kept = new Map<Sha256Hex, { modules: readonly PackagedModule[]; sizeBytes: number }>();
  let keptBytes = 0;
  return ({ sha256, sizeBytes }) => {
    const known = kept.get(sha256);
    if (known) return known.modules;
    const path = store.pathOf(sha256);
    const modules = readJsonSync(path, isModuleList);
    if (!modules) throw new StateDamagedError(path, `expected ${sizeBytes} bytes, found no file`);
    kept.set(sha256, { modules, sizeBytes });
    keptBytes += sizeBytes;
    for (const [oldest, { sizeBytes: freedBytes }] of kept) {
      if (keptBytes <= KEPT_BYTES) break;
      kept.delete(oldest);
      keptBytes -= freedBytes;
    }
    return modules;
  };
}

function isModuleList(value: unknown): value is readonly PackagedModule[] {
  return Array.isArray(value) && value.every(isModule);
}

function isModule(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    ['path', 'imports', 'exports'].every((key) => key in value)
  );
}
