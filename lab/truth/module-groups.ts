import type { KmodBuild } from './builds.ts';
import { type ModulesDepLine, parseModulesDep } from './depmod-output.ts';
import type { TruthKernel } from './kernels.ts';
import { openSandbox, placeModules } from './sandbox.ts';

/**
 * Parts the modules of a kernel's `extra/` into groups that weak-modules accepts or rejects as a whole.
 *
 * The script walks `modules.dep` once: a module that no group has yet begins one, which takes all of
 * its `extra/` dependencies, and groups that were begun by one of those are dropped. So a provider
 * stands in the group of each module that needs it; the groups may overlap.
 *
 * @param lines `modules.dep` of the kernel that the modules were built for.
 * @returns Paths, each group in the order of its line; in the order in which groups were begun.
 * @see RHEL's weak-modules, make_groups() and do_make_groups()
 */
export function makeModuleGroups(lines: readonly ModulesDepLine[]): readonly (readonly string[])[] {
  const groups = new Map<string, readonly string[]>();
  const grouped = new Set<string>();
  for (const { path, needs } of lines) {
    if (!isExtra(path) || grouped.has(path)) continue;
    const group = [path, ...needs.filter(isExtra)];
    for (const module of group) {
      groups.delete(module);
      grouped.add(module);
    }
    groups.set(path, group);
  }
  return [...groups.values()];
}

/** Asks depmod how builds need each other in the kernel that they were built for, and groups them. */
export async function groupModules(
  kernel: TruthKernel,
  builds: readonly KmodBuild[],
): Promise<readonly (readonly string[])[]> {
  await using sandbox = await openSandbox(kernel);
  await sandbox.add(placeModules(builds, 'extra'));
  return makeModuleGroups(parseModulesDep((await sandbox.runDepmod()).stdout));
}

function isExtra(path: string): boolean {
  return path.includes('extra/');
}
