import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { type BuiltModule, type KmodBuild, readModule } from './builds.ts';
import { AS_BUILT, type Inventory, SAME_LAYOUT } from './inventory.ts';
import type { TruthKernel } from './kernels.ts';
import { NEGATIVE_CASES, type NegativeCase } from './negative-cases.ts';
import { setImportCrc } from './tamper.ts';

/** What a kernel has: its builds, in which kmods that do not compile are missing. */
export interface BuiltKernel {
  readonly kernel: TruthKernel;
  readonly builds: readonly KmodBuild[];
}

/** Lists what is put to a kernel: first the builds as they are, then what is made of them. */
export async function makeInventories(
  home: BuiltKernel,
  kernel: TruthKernel,
  scratch: string,
): Promise<readonly [Inventory, ...Inventory[]]> {
  const builtFor = home.kernel.release;
  const subjects = home.builds.map(({ kmod }) => kmod);
  const plain = { builtFor, kernel, builds: home.builds, subjects };
  const directory = join(scratch, builtFor, kernel.release);
  if (builtFor === kernel.release) {
    const cases = NEGATIVE_CASES.filter(({ kmod }) => subjects.includes(kmod));
    const negative = await Promise.all(
      cases.map(async (made) => await makeNegative(made, home, directory)),
    );
    return [{ variant: AS_BUILT, ...plain }, ...negative];
  }
  const layout = kernel.symvers.get('module_layout')?.crc;
  const isSame = layout === home.kernel.symvers.get('module_layout')?.crc;
  // Another series has another struct module, which the loader finds by its size alone.
  if (isSame || layout === undefined || kernel.series !== home.kernel.series) {
    return [{ variant: AS_BUILT, ...plain }];
  }
  const builds = await Promise.all(
    home.builds.map(async (build) => ({
      ...build,
      modules: await Promise.all(
        build.modules.map(async (module) => {
          const bytes = setImportCrc(await readFile(module.file), 'module_layout', layout);
          return await writeVariant(bytes, module, { build, directory });
        }),
      ),
    })),
  );
  return [
    { variant: AS_BUILT, ...plain },
    { variant: SAME_LAYOUT, ...plain, builds },
  ];
}

async function makeNegative(
  made: NegativeCase,
  { kernel, builds }: BuiltKernel,
  scratch: string,
): Promise<Inventory> {
  const find = (kmod: string): KmodBuild => {
    const build = builds.find((candidate) => candidate.kmod === kmod);
    if (!build) throw new Error(`BUG: there is no build of ${kmod} for the case "${made.name}"`);
    return build;
  };
  const build = find(made.kmod);
  const [module] = build.modules;
  if (!module) throw new Error(`BUG: ${made.kmod} has no module`);
  const directory = join(scratch, made.name.replaceAll(/[^A-Za-z]/g, '-'));
  const bytes = made.make(await readFile(module.file), module, kernel);
  const place = { build, directory, dropsVersions: made.dropsVersions ?? false };
  const bad = { ...build, modules: [await writeVariant(bytes, module, place)] };
  return {
    variant: made.name,
    builtFor: kernel.release,
    kernel,
    builds: made.user === undefined ? [bad] : [bad, find(made.user)],
    subjects: [made.user ?? made.kmod],
  };
}

async function writeVariant(
  bytes: Uint8Array,
  { file }: BuiltModule,
  place: {
    readonly build: KmodBuild;
    readonly directory: string;
    readonly dropsVersions?: boolean;
  },
): Promise<BuiltModule> {
  const directory = join(place.directory, place.build.kmod);
  await mkdir(directory, { recursive: true });
  const path = join(directory, basename(file));
  await writeFile(path, bytes);
  if (place.dropsVersions) await runProgram(['objcopy', '--remove-section=__versions', path]);
  return await readModule(path, place.build);
}
