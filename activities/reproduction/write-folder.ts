import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BUILD_SCRIPTS } from '../../containers/build-scripts.ts';
import type { Kernel } from '../../model/kernel.ts';
import { type Recipe, ReproductionRefusedError } from '../../model/reproduction.ts';
import type { StoredFile } from '../../model/store.ts';
import { writeReproduceRecipe } from '../../report/reproduce-recipe.ts';
import { formatNevra } from '../../rpm/nevra.ts';
import { targetOf } from '../buildroot-request.ts';
import { layOutSpecs } from '../lay-out-specs.ts';
import { listFiles } from '../snapshot/link-files.ts';
import { type LayOutRecipeDeps, layOutRecipe } from './lay-out-recipe.ts';

const SCRIPT = 'reproduce.sh';

/**
 * Writes a folder with everything that a published build was made of, and a script that makes it again
 * elsewhere, without rekmod.
 *
 * @param output Is made, or empty.
 * @throws {ReproductionRefusedError} If the folder holds something, the source has changed, or the build was
 *   made in mock.
 */
export async function writeReproduction(
  recipe: Recipe,
  kernel: Kernel,
  { output, ...deps }: LayOutRecipeDeps & { readonly output: string },
): Promise<void> {
  const target = requireContainer(recipe, targetOf(deps.settings, kernel).backend);
  await requireEmpty(recipe, output);
  const { store } = deps;
  const put = async (file: StoredFile, ...path: readonly string[]): Promise<void> => {
    const to = join(output, ...path);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(await store.require(file), to);
  };
  const { spec, defines } = await layOutRecipe(recipe, kernel, {
    ...deps,
    directory: join(output, 'input'),
  });
  const kernelDevel = `${formatNevra(recipe.kernelDevel.nevra).replace(/-\d+:/, '-')}.rpm`;
  await put(recipe.kernelDevel, kernelDevel);
  for (const file of recipe.packages) await put(file, 'published', file.fileName);
  for (const file of recipe.given) await put(file, 'staging', basename(file.fileName));
  for (const [name, path] of Object.entries(BUILD_SCRIPTS)) {
    const to = name === SCRIPT ? join(output, name) : join(output, 'scripts', name);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(path, to);
  }
  const { limits } = deps.settings;
  const facts = {
    ...{ kmod: recipe.kmod, release: recipe.release, spec, defines, kernelDevel },
    ...{ buildrootId: recipe.buildroot.id, image: target },
    ...(await describePreparation(recipe, kernel, { ...deps, output })),
    hasStaging: recipe.given.length > 0,
    ...{ scratchBytes: limits.scratchBytes, memoryBytes: limits.memoryBytes },
  };
  await writeFile(join(output, 'recipe.sh'), writeReproduceRecipe(facts));
  await makeReadable(output);
  await writeFile(join(output, 'SHA256SUMS'), await digestAll(output));
}

function requireContainer(
  { kmod, release, image }: Recipe,
  backend: string,
): { readonly name: string; readonly id: string } {
  if (image !== undefined && backend === 'container') return image;
  const detail = `expected a build in a container, found one in ${backend}; "--run" makes it again here`;
  throw new ReproductionRefusedError(kmod, release, detail);
}

async function requireEmpty({ kmod, release }: Recipe, output: string): Promise<void> {
  await mkdir(output, { recursive: true });
  const [name] = await readdir(output);
  if (name === undefined) return;
  const detail = `expected "${output}" to be empty, found ${name}`;
  throw new ReproductionRefusedError(kmod, release, detail);
}

/** What the build's own buildroot got, as far as this kmod is concerned; for machines that do not have it. */
async function describePreparation(
  { kmod }: Recipe,
  kernel: Kernel,
  { output, ...deps }: LayOutRecipeDeps & { readonly output: string },
) {
  const directory = join(output, 'prepare.making');
  const specs = await layOutSpecs(kernel, { ...deps, directory });
  const laidOut = specs.find((one) => basename(one.directory) === kmod);
  const target = targetOf(deps.settings, kernel);
  await mkdir(join(output, 'prepare'));
  for (const name of laidOut ? await readdir(laidOut.directory) : []) {
    await copyFile(join(directory, kmod, name), join(output, 'prepare', name));
  }
  await rm(directory, { recursive: true, force: true });
  return {
    packages: target.packages,
    network: target.backend === 'container' ? target.prepareNetwork : 'none',
    preparation: { spec: laidOut?.spec ?? '', defines: laidOut?.defines ?? {} },
  };
}

/** Builds run as another user; the machine's umask may be 077. */
async function makeReadable(directory: string): Promise<void> {
  for (const path of await listFiles(directory)) {
    const isProgram = path.endsWith('.sh');
    if (!path.startsWith('input/')) await chmod(join(directory, path), isProgram ? 0o755 : 0o644);
  }
  for (const name of ['input', 'prepare', 'published', 'scripts', 'staging']) {
    await chmod(join(directory, name), 0o755).catch(() => undefined);
  }
}

async function digestAll(directory: string): Promise<string> {
  const paths = [...(await listFiles(directory))].sort();
  const lines: string[] = [];
  for (const path of paths) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(join(directory, path))) hash.update(chunk);
    lines.push(`${hash.digest('hex')}  ${path}\n`);
  }
  return lines.join('');
}
