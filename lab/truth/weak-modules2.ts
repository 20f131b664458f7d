import { parseComplaints } from './depmod-output.ts';
import type { Inventory } from './inventory.ts';
import { openSandbox, placeModules, type Sandbox } from './sandbox.ts';

/**
 * Decides as SUSE's `weak-modules2 --add-kernel` does: kmod by kmod (KMP), each as a whole; an
 * implementation of its own, with the real depmod.
 *
 * A KMP is linked if depmod then says nothing about any symbol, of whatever module. As long as some
 * were linked and others not, those others are tried again.
 *
 * @param inTree The kernel's own modules that matter.
 * @returns The kmods that are linked, sorted.
 * @see suse-module-tools weak-modules2, walk_kmps(), can_replace_kmp(), has_unresolved_symbols()
 */
export async function askWeakModules2(
  { builds, kernel }: Inventory,
  inTree: readonly string[],
): Promise<readonly string[]> {
  await using sandbox = await openSandbox(kernel, inTree);
  const linked = new Set<string>();
  // The script's order is rpmsort's, the newest first; the names differ in their first letters already.
  const waiting = new Set(builds.toSorted((one, other) => (one.kmod < other.kmod ? 1 : -1)));
  for (;;) {
    const countBefore = linked.size;
    for (const build of waiting) {
      if (!(await tryKmod(sandbox, build))) continue;
      linked.add(build.kmod);
      waiting.delete(build);
    }
    if (linked.size === countBefore || waiting.size === 0) return [...linked].sort();
  }
}

async function tryKmod(sandbox: Sandbox, build: Inventory['builds'][number]): Promise<boolean> {
  const modules = placeModules([build], 'weak-updates');
  await sandbox.add(modules);
  const { stderr } = await sandbox.runDepmod();
  if (parseComplaints(stderr).length === 0) return true;
  await sandbox.remove(modules);
  return false;
}
