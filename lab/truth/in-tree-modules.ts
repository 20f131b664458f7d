import type { Inventory } from './inventory.ts';
import type { TruthKernel } from './kernels.ts';
import { moduleNameOf, type NeededModules, readNeededModules } from './needed-modules.ts';
import { openSandbox } from './sandbox.ts';
import type { Survey } from './survey.ts';

/** A kernel's own modules and what they need. */
export interface InTreeModules {
  readonly needed: NeededModules;
  readonly pathByName: ReadonlyMap<string, string>;
}

/** Asks depmod about a kernel's own tree. */
export async function readInTreeModules(kernel: TruthKernel): Promise<InTreeModules> {
  await using sandbox = await openSandbox(kernel);
  const needed = readNeededModules((await sandbox.runDepmod()).stdout);
  return { needed, pathByName: new Map(needed.paths.map((path) => [moduleNameOf(path), path])) };
}

/**
 * Picks the kernel's modules that can matter to an inventory, so that depmod need not read four thousand
 * others some sixty times: what the inventory's modules need, and those that have the same names (they
 * come to light when ours go), with all that these need themselves.
 */
export function pickInTree(
  { builds }: Inventory,
  { needed }: Survey,
  inTree: InTreeModules,
): readonly string[] {
  const wanted = Object.values(needed).flat();
  const twins = builds.flatMap(({ modules }) =>
    modules.flatMap(({ facts }) => inTree.pathByName.get(facts.name) ?? []),
  );
  const picked = new Set<string>();
  for (const path of [...wanted, ...twins].filter((candidate) => candidate.startsWith('kernel/'))) {
    for (const need of [...inTree.needed.find(path), path]) picked.add(need);
  }
  return [...picked].sort();
}
