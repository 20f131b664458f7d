import { ModuleParseError } from '../model/parse-errors.ts';
import type { ModuleUses, SymbolUse } from '../model/symbol-uses.ts';
import { findSymbolUsers } from './symbol-users.ts';

/** More is more than anybody reads; a list of all is ten times a module's own facts. */
const FUNCTION_LIMIT = 4;
const NAME_LENGTH_LIMIT = 128;
/** The largest drivers import some 2,000. */
const SYMBOL_LIMIT = 4000;

/** A module file, uncompressed, with what it is called. */
export interface NamedModule {
  readonly name: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * Lists which functions of a module use its imports, bounded to what is worth keeping with a build.
 *
 * @returns No uses for a module whose relocations cannot be read: it is built and verified all the
 *   same, and its explanation has less to say.
 */
export function listModuleUses({ name, path, bytes }: NamedModule): ModuleUses {
  return { module: name, path, uses: listUses(bytes) };
}

function listUses(bytes: Uint8Array): readonly SymbolUse[] {
  try {
    const uses: SymbolUse[] = [];
    for (const [symbol, functions] of findSymbolUsers(bytes)) {
      if (uses.length === SYMBOL_LIMIT) break;
      const shown = functions.filter(({ length }) => length <= NAME_LENGTH_LIMIT);
      if (shown.length > 0) uses.push([symbol, shown.slice(0, FUNCTION_LIMIT)]);
    }
    return uses;
  } catch (error) {
    if (error instanceof ModuleParseError) return [];
    throw error;
  }
}
