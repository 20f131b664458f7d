import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  BuildBackend,
  BuildInput,
  BuildResult,
  Buildroot,
  Labels,
  RunControl,
  Staging,
} from '../../containers/backend.ts';
import { BuildrootMissingError } from '../../model/engine-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import {
  type Recipe,
  type Reproduction,
  ReproductionRefusedError,
} from '../../model/reproduction.ts';
import { compareBuilds } from '../../plan/compare-builds.ts';
import { describeBuildrootRequest } from '../buildroot-request.ts';
import { readCompared } from '../read-compared.ts';
import { makeStaging } from '../stage-providers.ts';
import { DEBUG_PATTERN } from '../verify.ts';
import { type LayOutRecipeDeps, layOutRecipe } from './lay-out-recipe.ts';

export interface BuildAgainDeps extends LayOutRecipeDeps {
  readonly backend: BuildBackend;
  /** An empty directory. */
  readonly scratch: string;
  readonly labels: Labels;
  readonly onLog: RunControl['onLog'];
}

/**
 * Builds again what is published, the way that it was built, and compares the two as a machine would that
 * installs them. Nothing is recorded, signed or published.
 *
 * @throws {ReproductionRefusedError} If the source has changed since, or the build fails.
 */
export async function buildAgain(
  recipe: Recipe,
  kernel: Kernel,
  deps: BuildAgainDeps,
): Promise<Reproduction> {
  const { scratch, store, signal } = deps;
  const input = await layOutRecipe(recipe, kernel, { ...deps, directory: join(scratch, 'input') });
  const staging = await stageGiven(recipe, deps);
  const outputDirectory = join(scratch, 'output');
  await mkdir(outputDirectory);
  const { result, remarks } = await buildInSame({ recipe, kernel, input, staging }, deps);
  if (result.kind === 'failed') {
    const detail = `expected a build as it was published, found one that failed (${result.why})`;
    throw new ReproductionRefusedError(recipe.kmod, recipe.release, detail);
  }
  const published = await Promise.all(
    recipe.packages.map(async (file) => readCompared(await store.require(file), signal)),
  );
  const built = await Promise.all(
    result.files.map(({ name }) => readCompared(join(outputDirectory, name), signal)),
  );
  const differences = compareBuilds(
    published,
    built.filter(({ nevra }) => !DEBUG_PATTERN.test(nevra.name)),
  );
  const packages = recipe.packages.map(({ fileName }) => fileName);
  return { kmod: recipe.kmod, kernel: recipe.release, packages, differences, remarks };
}

async function stageGiven(
  { given, release }: Recipe,
  { scratch, store, signal }: BuildAgainDeps,
): Promise<Staging | undefined> {
  if (given.length === 0) return undefined;
  const directory = join(scratch, 'staging');
  return await makeStaging(given, { store, directory, release, signal });
}

interface Job {
  readonly recipe: Recipe;
  readonly kernel: Kernel;
  readonly input: BuildInput;
  readonly staging: Staging | undefined;
}

/** Takes the very buildroot, or makes it anew where it was taken away. */
async function buildInSame(
  { recipe, kernel, input, staging }: Job,
  deps: BuildAgainDeps,
): Promise<{ readonly result: BuildResult; readonly remarks: readonly string[] }> {
  const { backend, scratch, labels, onLog, signal } = deps;
  const { limits } = deps.settings;
  const build = async (buildroot: Buildroot): Promise<BuildResult> => {
    const outputDirectory = join(scratch, 'output');
    const request = { ...input, buildroot, outputDirectory, limits, labels };
    return await backend.build({ ...request, ...(staging && { staging }) }, { onLog, signal });
  };
  try {
    return { result: await build({ ...recipe.buildroot, isReused: true }), remarks: [] };
  } catch (error) {
    if (!(error instanceof BuildrootMissingError)) throw error;
  }
  const request = await describeBuildrootRequest(kernel, {
    ...deps,
    directory: join(scratch, 'specs'),
  });
  const made = await backend.prepare({ ...request, labels }, { onLog, signal });
  const isSame = made.digest === recipe.buildroot.digest;
  const remark = isSame
    ? 'the buildroot was made anew of what it was made of, with the packages of today'
    : `the buildroot was made anew of other things than then (${made.digest.slice(0, 16)} instead of ${recipe.buildroot.digest.slice(0, 16)})`;
  return { result: await build(made), remarks: [remark] };
}
