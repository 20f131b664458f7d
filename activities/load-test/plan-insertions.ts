import { canonicalModuleName, type LoadNeeds, readLoadNeeds } from '../../kabi/load-needs.ts';
import { orderForLoading } from '../../plan/load-order.ts';
import type { BootModuleFile } from './boot-and-insert.ts';
import type { ModuleArchive } from './module-archive.ts';

/** A module that is to be tried, uncompressed. */
export interface TestedModule {
  /** The kernel's name of it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly parameters?: string;
  /** False of modules of other kmods that are only there because these need them. @default {true} */
  readonly isUnderTest?: boolean;
}

/** What is inserted, and from where the rest comes. */
export interface InsertionRequest {
  readonly modules: readonly TestedModule[];
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
 * A module under test wins over an in-tree one of its name: that is what `updates/` and `extra/` are for.
 *
 * @throws {ModuleParseError} If a module cannot be read.
 * @throws {RangeError} If they need more than a thousand modules.
 */
export async function planInsertions(
  request: InsertionRequest,
): Promise<readonly BootModuleFile[]> {
  const { archive, signal } = request;
  const tested = new Map(
    request.modules.map((module) => [canonicalModuleName(module.name), module]),
  );
  const bytesOf = new Map<string, Uint8Array>();
  const needs = new Map<string, readonly string[]>();
  const resolve = (name: string): readonly string[] =>
    tested.has(name) ? [name] : archive.find(name);
  const first = request.alsoInsert.map(canonicalModuleName).flatMap(resolve);
  const open = [...first, ...tested.keys()];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (needs.has(name)) continue;
    const bytes = tested.get(name)?.bytes ?? (await archive.read(name, signal));
    const before = listNeeds(readLoadNeeds(bytes), resolve);
    bytesOf.set(name, bytes);
    needs.set(name, before);
    open.push(...before);
    if (needs.size > MAX_MODULES) {
      throw new RangeError(
        `Cannot test modules: expected them to need at most ${MAX_MODULES}, found more`,
      );
    }
  }
  return orderForLoading(needs, [...first, ...tested.keys()]).map((name) => {
    const module = tested.get(name);
    const { parameters, isUnderTest = true } = module ?? { isUnderTest: false };
    return {
      name,
      bytes: bytesOf.get(name) ?? new Uint8Array(),
      isUnderTest,
      needs: (needs.get(name) ?? []).filter((other) => tested.has(other)),
      ...(parameters === undefined ? {} : { parameters }),
    };
  });
}

/** What it asks for itself comes before what its symbols need: both must be there, and the former is often an algorithm. */
function listNeeds(
  { depends, softDepends }: LoadNeeds,
  resolve: (name: string) => readonly string[],
): readonly string[] {
  return [...softDepends, ...depends].flatMap(resolve);
}
