import type { CellRecord } from '../model/cell.ts';
import type { Kernel } from '../model/kernel.ts';
import type { Stream } from '../model/settings.ts';
import { findDue } from '../plan/find-due.ts';
import type { DeferDeps } from './defer-plan.ts';

/** A kernel some of whose cells are to be tried again. */
export interface DueKernel {
  readonly release: string;
  readonly arch: string;
  readonly flavour: string;
  /** Sorted by name. */
  readonly kmods: readonly string[];
}

/**
 * Finds what is to be tried again because its time has come; see {@link findDue}.
 *
 * @param known All kernels of the stream, oldest first: what a plan judges a circuit by.
 * @param kept Those of them that are kept built and whose rollout has ended.
 */
export async function findDueKernels(
  stream: Stream,
  { known, kept }: { readonly known: readonly Kernel[]; readonly kept: readonly Kernel[] },
  deps: DeferDeps,
): Promise<readonly DueKernel[]> {
  const { settings } = deps;
  const target = settings.targets.find(({ name }) => name === stream.target);
  const facts = {
    now: deps.now().toISOString(),
    settings: settings.failures,
    toolchain: target && (await deps.findToolchain?.(target)),
  };
  const due: CellRecord[] = [];
  for (const { name, streams } of settings.kmods) {
    if (!streams.includes(stream.name)) continue;
    for (const kernels of groupAlike(known)) {
      due.push(...findDue(await readCells(name, kernels, deps), facts));
    }
  }
  return kept.flatMap(({ release, arch, flavour }) => {
    const kmods = due.filter((cell) => cell.release === release).map(({ kmod }) => kmod);
    return kmods.length === 0 ? [] : [{ release, arch, flavour, kmods: kmods.sort() }];
  });
}

/** Kernels that a build of one may serve. */
function groupAlike(kernels: readonly Kernel[]): readonly (readonly Kernel[])[] {
  const groups = new Map<string, Kernel[]>();
  for (const kernel of kernels) {
    const key = `${kernel.flavour} ${kernel.arch}`;
    groups.set(key, [...(groups.get(key) ?? []), kernel]);
  }
  return [...groups.values()];
}

async function readCells(
  kmod: string,
  kernels: readonly Kernel[],
  { records }: DeferDeps,
): Promise<readonly CellRecord[]> {
  const cells = await Promise.all(
    kernels.map(({ stream, release }) => records.readCell({ stream, release, kmod })),
  );
  return cells.filter((cell) => cell !== undefined);
}
