import { StateDamagedError } from '../model/activity-errors.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import type { ModuleUses, SymbolUses } from '../model/symbol-uses.ts';
import { readJsonSync } from './atomic-file.ts';
import type { ContentStore } from './content-store.ts';

/**
 * Reads which functions of a build's modules use which symbols, from the store.
 *
 * @throws {StateDamagedError} If the file is missing or holds something else.
 */
export type SymbolUsesReader = (file: StoredFile) => SymbolUses;

/** A kmod has some 15 kB, and only those with problems are read. */
const KEPT_FILES = 64;

/** Opens a reader that keeps the files it read last; their content is named by their digest. */
export function openSymbolUsesReader(store: ContentStore): SymbolUsesReader {
  const kept = new Map<Sha256Hex, SymbolUses>();
  return ({ sha256, sizeBytes }) => {
    const known = kept.get(sha256);
    if (known) return known;
    const path = store.pathOf(sha256);
    const list = readJsonSync(path, isUsesList);
    if (!list) throw new StateDamagedError(path, `expected ${sizeBytes} bytes, found no file`);
    const uses = new Map(list.map((module) => [module.module, new Map(module.uses)]));
    kept.set(sha256, uses);
    for (const oldest of [...kept.keys()].slice(0, -KEPT_FILES)) kept.delete(oldest);
    return uses;
  };
}

function isUsesList(value: unknown): value is readonly ModuleUses[] {
  return Array.isArray(value) && value.every(isModuleUses);
}

function isModuleUses(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'module' in value &&
    'uses' in value &&
    Array.isArray(value.uses)
  );
}
