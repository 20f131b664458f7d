import { canonicalModuleName, readLoadNeeds } from '../../kabi/load-needs.ts';
import { LoadTestError } from '../../model/load-test-errors.ts';
import { orderForLoading } from '../../plan/load-order.ts';
import type { BootModuleFile } from './boot-and-insert.ts';
import type { ModuleArchive } from './module-archive.ts';

/** A module that is to be tried, uncompressed. */
export interface TestedModule {
  /** The kernel's name of it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly parameters?: string;
}

/** What is inserted, and from where the rest comes. */
export interface InsertionRequest {
  readonly modules: readonly TestedModule[];
  /** Modules of this and other kmods that are inserted only where those need them. */
  readonly givers?: readonly TestedModule[];
  /** Names of in-tree modules that nothing names but that must be there, e.g. `crc32c_generic`. */
  readonly alsoInsert: readonly string[];
  readonly archive: ModuleArchive;
  readonly signal: AbortSignal;
}

/** More than any module needs; a kernel's deepest, amdgpu, needs some forty. */
const MAX_MODULES = 1000;

/**
 * Puts modules into the order of insertion, the in-tree modules that they need among them.
 *
 * A built module wins over an in-tree one of its name: that is what `updates/` and `extra/` are for.
 *
 * @throws {ModuleParseError} If a module cannot be read.
 * @throws {LoadTestError} If they need more than a thousand modules.
 */
export async function planInsertions(
  request: InsertionRequest,
): Promise<readonly BootModuleFile[]> {
  const { archive, signal } = request;
  const tested = indexByName(request.modules);
  const built = new Map([...indexByName(request.givers ?? []), ...tested]);
  const resolve = (name: string): readonly string[] =>
    built.has(name) ? [name] : archive.find(name);
  const first = request.alsoInsert.map(canonicalModuleName).flatMap(resolve);
  const roots = [...first, ...tested.keys()];
  const files = new Map<string, NeededFile>();
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (files.has(name)) continue;
    const bytes = built.get(name)?.bytes ?? (await archive.read(name, signal));
    const { depends, softDepends } = readLoadNeeds(bytes);
    // What its code asks for comes first: often an algorithm, without which a dependency does not start either.
    const before = [...softDepends, ...depends].flatMap(resolve);
    files.set(name, { bytes, depends, before });
    open.push(...before);
    if (files.size > MAX_MODULES) {
      throw new LoadTestError(`expected them to need at most ${MAX_MODULES}, found more`);
    }
  }
  const needs = new Map([...files].map(([name, { before }]) => [name, before]));
  return orderForLoading(needs, roots).flatMap((name) => {
    const file = files.get(name);
    const parameters = built.get(name)?.parameters;
    if (file === undefined) return [];
    return {
      name,
      bytes: file.bytes,
      isUnderTest: tested.has(name),
      needs: file.depends.filter((other) => built.has(other)),
      ...(parameters === undefined ? {} : { parameters }),
    };
  });
}

interface NeededFile {
  readonly bytes: Uint8Array;
  readonly depends: readonly string[];
  /** Everything that is to be inserted before it. */
  readonly before: readonly string[];
}

function indexByName(modules: readonly TestedModule[]): Map<string, TestedModule> {
  return new Map(modules.map((module) => [canonicalModuleName(module.name), module]));
}
