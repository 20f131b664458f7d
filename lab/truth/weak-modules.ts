import type { Inventory } from './inventory.ts';
import { openSandbox, type PlacedModule, placeModules, type Sandbox } from './sandbox.ts';
import { findComplaints, kmodOf } from './survey.ts';

/** How many of a kmod's modules weak-modules would link. */
export type LinkedPart = 'all' | 'some' | 'none';

/**
 * Decides as RHEL's `weak-modules --add-kernel` does when the new kernel is installed beside the one
 * that the modules were built for; an implementation of its own, with the real depmod.
 *
 * Modules without relatives are linked together, and those that depmod complains about go one by one.
 * Then each group of modules that need each other is linked, and stays only if depmod is silent.
 *
 * @param groups Files in groups, from `modules.dep` of the kernel that they were built for: see
 *   `makeModuleGroups()`.
 * @param inTree The kernel's own modules that matter.
 * @returns By kmod.
 * @see RHEL's weak-modules, add_kernel(), update_modules_for_krel(), validate_weak_links()
 */
export async function askWeakModules(
  { builds, kernel }: Inventory,
  groups: readonly (readonly string[])[],
  inTree: readonly string[],
): Promise<Readonly<Record<string, LinkedPart>>> {
  const placed = placeModules(builds, 'weak-updates');
  const byFile = new Map(placed.map((module) => [withoutFolder(module.path), module]));
  const placedGroups = groups.map((group) =>
    group.flatMap((path) => byFile.get(withoutFolder(path)) ?? []),
  );
  await using sandbox = await openSandbox(kernel, inTree);
  const linked = new Set<PlacedModule>();
  await linkSingles(sandbox, placedGroups.filter(({ length }) => length === 1).flat(), linked);
  for (const group of placedGroups.filter(({ length }) => length > 1)) {
    await linkGroup(sandbox, group, linked);
  }
  return Object.fromEntries(
    builds.map(({ kmod }) => {
      const own = placed.filter(({ path }) => kmodOf(path) === kmod);
      return [kmod, describePart(own.filter((module) => linked.has(module)).length, own.length)];
    }),
  );
}

function describePart(count: number, ofCount: number): LinkedPart {
  if (count === 0) return 'none';
  return count === ofCount ? 'all' : 'some';
}

/** `extra/jool/jool.ko` → `jool/jool.ko`. */
function withoutFolder(path: string): string {
  return path.slice(path.indexOf('/') + 1);
}

async function linkSingles(
  sandbox: Sandbox,
  modules: readonly PlacedModule[],
  linked: Set<PlacedModule>,
): Promise<void> {
  if (modules.length === 0) return;
  await sandbox.add(modules);
  for (const module of modules) linked.add(module);
  for (;;) {
    const bad = new Set((await findComplaints(sandbox, [...linked])).map(({ placed }) => placed));
    if (bad.size === 0) return;
    await sandbox.remove([...bad]);
    for (const module of bad) linked.delete(module);
  }
}

/** What is linked already is left out of the group; any complaint about a link undoes the whole. */
async function linkGroup(
  sandbox: Sandbox,
  group: readonly PlacedModule[],
  linked: Set<PlacedModule>,
): Promise<void> {
  const added = group.filter((module) => !linked.has(module));
  if (added.length === 0) return;
  await sandbox.add(added);
  const complaints = await findComplaints(sandbox, [...linked, ...added]);
  if (complaints.length === 0) for (const module of added) linked.add(module);
  else await sandbox.remove(added);
}
