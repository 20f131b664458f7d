import type { CellRecord } from '../model/cell.ts';
import type { Kernel } from '../model/kernel.ts';
import type { RebuildPlan } from '../model/plan.ts';
import type { Settings, Target } from '../model/settings.ts';
import { deferCells } from '../plan/defer-cells.ts';
import { isBuilt } from '../plan/is-built.ts';
import { compareEvr } from '../rpm/evr.ts';
import type { Records } from './records.ts';

export interface DeferDeps {
  readonly settings: Settings;
  readonly records: Records;
  readonly now: () => Date;
  /** What a target builds with at this moment, e.g. the id of its image; not known when absent. */
  readonly findToolchain?: ToolchainReader;
}

/** Tells what a target builds with; undefined where it cannot be told now. */
export type ToolchainReader = (target: Target) => Promise<string | undefined>;

/** Puts off what would only fail again, by what the records say of earlier failures. Reads only. */
export async function deferPlan(
  plan: RebuildPlan,
  { kernel, forced }: { readonly kernel: Kernel; readonly forced: readonly string[] },
  deps: DeferDeps,
): Promise<RebuildPlan> {
  const builds = plan.cells.filter(isBuilt);
  if (builds.length === 0) return plan;
  const { settings, records } = deps;
  const kernels = (await records.listKernels(kernel.stream)).filter(
    ({ flavour, arch }) => flavour === kernel.flavour && arch === kernel.arch,
  );
  const recordsOf = new Map<string, readonly CellRecord[]>();
  for (const { kmod, stream } of builds) {
    const cells = await Promise.all(
      kernels.map(({ release }) => records.readCell({ stream, release, kmod })),
    );
    recordsOf.set(
      kmod,
      cells.filter((cell) => cell !== undefined),
    );
  }
  const target = settings.targets.find(({ name }) => name === plan.target);
  return deferCells(plan, {
    now: deps.now().toISOString(),
    settings: settings.failures,
    toolchain: target && (await deps.findToolchain?.(target)),
    isNewest: kernels.every(({ evr }) => compareEvr(evr, kernel.evr) <= 0),
    forced,
    recordsOf,
  });
}
