import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists, writeFileAtomically } from '../../activities/atomic-file.ts';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import type { PackagedModule } from '../../model/kabi.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { findFirstError } from '../../plan/first-error.ts';
import { fetchNewerSources } from '../newer-sources.ts';
import type { LabKmod } from '../read-lab.ts';
import { runScript, type TruthKernel } from './kernels.ts';
import { digestFile, digestOf, truthDirectory } from './remember.ts';

/** A module file on disk with what rekmod reads from it. */
export interface BuiltModule {
  /** E.g. `/…/truth/builds/6.1.0-54-amd64/jool/jool_common.ko`. */
  readonly file: string;
  readonly sha256: Sha256Hex;
  readonly facts: PackagedModule;
}

/** A kmod as it was built for one kernel. */
export interface KmodBuild {
  readonly kmod: string;
  /** Whether its source is the newer one, because the lab's does not compile for the kernel. */
  readonly isNewer: boolean;
  /** The kernel that it was built for. */
  readonly builtFor: string;
  readonly modules: readonly BuiltModule[];
}

/** A kmod that does not compile for a kernel. */
export interface FailedBuild {
  readonly kmod: string;
  readonly builtFor: string;
  readonly firstError: string;
}

/** What came of building all kmods for one kernel. */
export interface KernelBuilds {
  readonly builds: readonly KmodBuild[];
  readonly failed: readonly FailedBuild[];
}

/** A source that kmods are built from. */
export interface KmodSourceTree {
  /** As make-kmods.sh names it: `jool`, `jool~newer`, `made`. */
  readonly name: string;
  readonly directory: string;
}

/** The sources of our own modules; each module counts as a kmod of its own, named like the module. */
export const MADE_SOURCE: KmodSourceTree = {
  name: 'made',
  directory: join(import.meta.dirname, 'made'),
};
const NEWER_SUFFIX = '~newer';

/** Fetches the newer sources of kmods, unless they are there. @returns Those that there are. */
export async function fetchNewerTrees(
  kmods: readonly LabKmod[],
): Promise<readonly KmodSourceTree[]> {
  const sources = await fetchNewerSources('stable', kmods);
  return sources.map(({ name, directory }) => ({ name: `${name}${NEWER_SUFFIX}`, directory }));
}

/** Builds sources for a kernel by plain make, those that are not built yet. */
export async function buildSources(
  kernel: TruthKernel,
  sources: readonly KmodSourceTree[],
  image: string,
): Promise<KernelBuilds> {
  const directory = join(truthDirectory(), 'builds', kernel.release);
  await mkdir(directory, { recursive: true });
  const wanted = await Promise.all(
    sources.map(async (source) => ({
      name: source.name,
      key: digestOf([image, kernel.symversDigest, ...(await digestInputs(source))]),
    })),
  );
  const missing: typeof wanted = [];
  for (const { name, key } of wanted) {
    if ((await readIfExists(join(directory, name, 'key'))) !== key) missing.push({ name, key });
  }
  if (missing.length > 0) await buildMissing(kernel, directory, missing);
  const read = await Promise.all(
    wanted.map(async ({ name }) => await readBuild(kernel, join(directory, name), name)),
  );
  return {
    builds: read.flatMap((result) => ('firstError' in result ? [] : splitMade(result))),
    failed: read.filter((result) => 'firstError' in result),
  };
}

/** Digests of what the build of a source reads besides the kernel. */
async function digestInputs({ directory }: KmodSourceTree): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => !name.endsWith('.spec')).sort();
  const files = [
    join(import.meta.dirname, 'make-kmods.sh'),
    ...names.map((name) => join(directory, name)),
  ];
  return await Promise.all(files.map(digestFile));
}

async function buildMissing(
  kernel: TruthKernel,
  directory: string,
  missing: readonly { readonly name: string; readonly key: string }[],
): Promise<void> {
  const scratch = await mkdtemp(join(directory, '.make-'));
  try {
    const names = missing.map(({ name }) => name);
    await runScript('build-kmods.sh', [kernel.release, kernel.directory, scratch, ...names]);
    for (const { name, key } of missing) {
      const target = join(directory, name);
      await rm(target, { recursive: true, force: true });
      await rename(join(scratch, name), target);
      await writeFileAtomically(join(target, 'key'), key);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function readBuild(
  kernel: TruthKernel,
  directory: string,
  source: string,
): Promise<KmodBuild | FailedBuild> {
  const builtFor = kernel.release;
  const isNewer = source.endsWith(NEWER_SUFFIX);
  const kmod = isNewer ? source.slice(0, -NEWER_SUFFIX.length) : source;
  if ((await readFile(join(directory, 'exit-code'), 'utf8')).trim() !== '0') {
    const log = await readFile(join(directory, 'log'), 'utf8');
    return { kmod, builtFor, firstError: findFirstError(log) ?? 'make failed' };
  }
  const names = (await readdir(directory)).filter((name) => name.endsWith('.ko')).sort();
  const modules = await Promise.all(
    names.map(async (name) => await readModule(join(directory, name), { kmod, builtFor })),
  );
  return { kmod, isNewer, builtFor, modules };
}

/** Reads a module file as if a package of the kmod held it. */
export async function readModule(
  file: string,
  { kmod, builtFor }: Pick<KmodBuild, 'kmod' | 'builtFor'>,
): Promise<BuiltModule> {
  const bytes = await readFile(file);
  const path = `/lib/modules/${builtFor}/extra/${kmod}/${file.slice(file.lastIndexOf('/') + 1)}`;
  return {
    file,
    sha256: await digestFile(file),
    facts: { ...readModuleFacts(bytes), path },
  };
}

/** The key of a build: all bytes that a loader or depmod reads. */
export function keyOfBuild({ kmod, modules }: KmodBuild): string {
  return digestOf([kmod, ...modules.flatMap(({ facts, sha256 }) => [facts.name, sha256])]);
}

function splitMade(build: KmodBuild): readonly KmodBuild[] {
  if (build.kmod !== MADE_SOURCE.name) return [build];
  return build.modules.map((module) => ({
    ...build,
    kmod: module.facts.name,
    modules: [module],
  }));
}
