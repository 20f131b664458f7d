import { join } from 'node:path';
import type { BuildInput } from '../containers/backend.ts';
import { RekmodError } from '../model/errors.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Settings } from '../model/settings.ts';
import { findProvidedRequirements } from '../plan/find-needs.ts';
import { readSpecDependencies } from '../rpm/spec-dependencies.ts';
import type { KmodInput, KmodReader } from './kmod-source.ts';
import { layOutInput } from './lay-out-input.ts';

export interface LayOutSpecsDeps {
  readonly settings: Settings;
  readonly readKmod: KmodReader;
  readonly directory: string;
  readonly signal: AbortSignal;
}

/**
 * Lays out the specs of all kmods of a kernel's stream for what they require to be installed; one that
 * cannot be read fails in its own build. What other kmods of the inventory provide is left out: that comes
 * when they are built.
 */
export async function layOutSpecs(
  kernel: Kernel,
  { settings, readKmod, directory, signal }: LayOutSpecsDeps,
): Promise<readonly BuildInput[]> {
  const kmods = settings.kmods.filter(({ streams }) => streams.includes(kernel.stream));
  const inputs: KmodInput[] = [];
  for (const kmod of kmods) {
    const input = await tolerate(() => readKmod(kmod, { freshness: 'known', signal }));
    if (input) inputs.push(input);
  }
  const later = findProvidedRequirements(
    inputs.map(({ kmod, specText }) => ({
      kmod,
      dependencies: readSpecDependencies(specText, kmod.defines),
    })),
  );
  const specs: BuildInput[] = [];
  for (const input of inputs) {
    const { name } = input.kmod;
    const laterRequirements = later.get(name) ?? new Set();
    const layout = { directory: join(directory, name), kernel, laterRequirements };
    const spec = await tolerate(() => layOutInput(input, layout));
    if (spec) specs.push(spec);
  }
  return specs;
}

async function tolerate<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RekmodError) return undefined;
    throw error;
  }
}
