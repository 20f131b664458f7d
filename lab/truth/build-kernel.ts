import type { Lab, LabKmod } from '../read-lab.ts';
import { buildSources, type KmodSourceTree, MADE_SOURCE } from './builds.ts';
import type { TriedKernel } from './forecasts.ts';
import { loadKernel } from './kernels.ts';

/** What is built for every kernel. */
export interface BuildPlan {
  readonly lab: Lab;
  readonly kmods: readonly LabKmod[];
  /** Sources that take the place of a kmod's own where those do not compile. */
  readonly newer: readonly KmodSourceTree[];
}

/** Unpacks a kernel and builds the kmods for it, as far as that was not done before. */
export async function buildKernel(release: string, plan: BuildPlan): Promise<TriedKernel> {
  const kernel = await loadKernel(release);
  const { image } = plan.lab;
  const sources = plan.kmods.map(({ name, sourceDirectory: directory }) => ({ name, directory }));
  const { builds, failed } = await buildSources(kernel, [MADE_SOURCE, ...sources], image);
  const made = failed.find(({ kmod }) => kmod === MADE_SOURCE.name);
  if (made) throw new Error(`Cannot build our own modules for ${release}: ${made.firstError}`);
  const wanted = plan.newer.filter(({ name }) =>
    failed.some(({ kmod }) => name.startsWith(`${kmod}~`)),
  );
  const second = await buildSources(kernel, wanted, image);
  return { kernel, builds: [...builds, ...second.builds], failed };
}
