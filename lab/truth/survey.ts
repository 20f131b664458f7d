import { type DepmodComplaint, parseComplaints } from './depmod-output.ts';
import type { Inventory } from './inventory.ts';
import { readNeededModules } from './needed-modules.ts';
import { openSandbox, type PlacedModule, placeModules, type Sandbox } from './sandbox.ts';

/** A complaint of depmod with the module's own name instead of its path. */
export interface ModuleComplaint extends Pick<DepmodComplaint, 'symbol' | 'kind'> {
  readonly kmod: string;
  /** E.g. `jool_common`. */
  readonly module: string;
}

/** What the real depmod says about an inventory in the kernel's whole tree; plain JSON. */
export interface Survey {
  /** Of the first run, with all modules linked. */
  readonly complaints: readonly ModuleComplaint[];
  /** Kmods of which no module had to be taken away until depmod was silent. */
  readonly fitting: readonly string[];
  /** Path of each module → the modules that modprobe would insert before it, in order. */
  readonly needed: Readonly<Record<string, readonly string[]>>;
}

/**
 * Asks `depmod -e -E`: all modules are linked; those it complains about go, until it is silent.
 *
 * @param inTree The kernel's own modules that matter, where that is known; all by default.
 */
export async function surveyInventory(
  { kernel, builds }: Inventory,
  inTree?: readonly string[],
): Promise<Survey> {
  await using sandbox = await openSandbox(kernel, inTree);
  const placed = placeModules(builds, 'weak-updates');
  await sandbox.add(placed);
  const { stdout, stderr } = await sandbox.runDepmod();
  const first = attribute(stderr, sandbox, placed);
  const needed = readNeededModules(stdout);
  const fallen = await removeUntilSilent(sandbox, placed, first);
  return {
    complaints: first.map(({ placed: { path, module }, symbol, kind }) => ({
      kmod: kmodOf(path),
      module: module.facts.name,
      symbol,
      kind,
    })),
    fitting: builds.flatMap(({ kmod }) => (fallen.has(kmod) ? [] : [kmod])),
    needed: Object.fromEntries(placed.map(({ path }) => [path, needed.find(path)])),
  };
}

/** @returns Kmods that lost a module. */
async function removeUntilSilent(
  sandbox: Sandbox,
  placed: readonly PlacedModule[],
  first: readonly PlacedComplaint[],
): Promise<ReadonlySet<string>> {
  const left = new Set(placed);
  const fallen = new Set<string>();
  let complaints = first;
  while (complaints.length > 0) {
    const bad = new Set(complaints.map((complaint) => complaint.placed));
    await sandbox.remove([...bad]);
    for (const module of bad) {
      left.delete(module);
      fallen.add(kmodOf(module.path));
    }
    complaints = await findComplaints(sandbox, [...left]);
  }
  return fallen;
}

/** A complaint about one of our modules. */
export interface PlacedComplaint extends Pick<DepmodComplaint, 'symbol' | 'kind'> {
  readonly placed: PlacedModule;
}

/** Runs depmod and keeps what it says about the given modules. */
export async function findComplaints(
  sandbox: Sandbox,
  modules: readonly PlacedModule[],
): Promise<readonly PlacedComplaint[]> {
  const { stderr } = await sandbox.runDepmod();
  return attribute(stderr, sandbox, modules);
}

function attribute(
  stderr: string,
  sandbox: Sandbox,
  modules: readonly PlacedModule[],
): readonly PlacedComplaint[] {
  const byPath = new Map(modules.map((placed) => [sandbox.locate(placed), placed]));
  return parseComplaints(stderr).flatMap(({ path, symbol, kind }) => {
    const placed = byPath.get(path);
    return placed ? [{ placed, symbol, kind }] : [];
  });
}

/** `weak-updates/jool/jool.ko` → `jool`. */
export function kmodOf(path: string): string {
  return path.split('/')[1] ?? path;
}
