import { basename } from 'node:path';
import { readModuleFacts } from '../kabi/module-facts.ts';
import { listModuleUses } from '../kabi/module-uses.ts';
import type { PackagedModule } from '../model/kabi.ts';
import type { ExpectedPackages } from '../rpm/spec.ts';
import { MAX_MODULE_BYTES, readPackagedModules } from './packaged-modules.ts';
import type { RpmFileReader } from './rpm-file.ts';

/** A package of 40 modules has 200,000; they only explain. */
const MAX_USES_CHARACTERS = 1024 * 1024;
/** What modpost makes of a module: its vermagic and the CRCs of its imports. */
const OBJECT = /\.mod\.o$/;

/** What is in a package. */
export interface ReadModules {
  /** Sorted by path. */
  readonly modules: readonly PackagedModule[];
  /** JSON of `ModuleUses`, one a module, as long as there is room. */
  readonly uses: readonly string[];
}

/**
 * Reads what the modules of a package say about themselves, also of those that are linked when it is
 * installed, where the dialect says that there are such.
 *
 * @throws {ModuleParseError} If one is no module.
 */
export async function readModules(
  rpm: RpmFileReader,
  expected: ExpectedPackages | undefined,
  signal: AbortSignal,
): Promise<ReadModules> {
  const uses: string[] = [];
  let usesLength = 0;
  const modules = await readPackagedModules(rpm, signal, (module) => {
    if (usesLength > MAX_USES_CHARACTERS) return;
    uses.push(JSON.stringify(listModuleUses(module)));
    usesLength += uses.at(-1)?.length ?? 0;
  });
  if (expected?.linksAtInstall !== true) return { modules, uses };
  const all = [...modules, ...(await readUnlinked(rpm, signal))];
  return { modules: all.sort((a, b) => (a.path < b.path ? -1 : 1)), uses };
}

/**
 * The objects that modpost made tell it of modules that are not linked yet; neither the licence nor
 * namespaces are among that. Such a module will lie where the package lists it as a ghost.
 */
async function readUnlinked(
  rpm: RpmFileReader,
  signal: AbortSignal,
): Promise<readonly PackagedModule[]> {
  const wants = (path: string): boolean => OBJECT.test(path);
  const files = await rpm.readFiles({ wants, maxBytesPerFile: MAX_MODULE_BYTES, signal });
  return [...files].map(([path, bytes]) => {
    const name = `/${basename(path).replace(OBJECT, '.ko')}`;
    const ghost = rpm.header.files.find((file) => file.path.endsWith(name))?.path;
    const facts = readModuleFacts(bytes);
    // Its undefined symbols are those of the other objects.
    return { ...facts, path: ghost ?? path, importsWithoutCrc: [], isFromMetadata: true };
  });
}
