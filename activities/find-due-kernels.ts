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
 * @param kernels Those of the stream that are kept built and whose rollout has ended, oldest first.
 */
export async function findDueKernels(
  stream: Stream,
  kernels: readonly Kernel[],
  deps: DeferDeps,
): Promise<readonly DueKernel[]> {
  const { settings, records } = deps;
  const target = settings.targets.find(({ name }) => name === stream.target);
  const facts = {
    now: deps.now().toISOString(),
    settings: settings.failures,
    toolchain: target && (await deps.findToolchain?.(target)),
  };
  const due: CellRecord[] = [];
  for (const { name: kmod, streams } of settings.kmods) {
    if (!streams.includes(stream.name)) continue;
    const cells = await Promise.all(
      kernels.map(({ release }) => records.readCell({ stream: stream.name, release, kmod })),
    );
    due.push(
      ...findDue(
        cells.filter((cell) => cell !== undefined),
        facts,
      ),
    );
  }
  return kernels.flatMap(({ release, arch, flavour }) => {
    const kmods = due.filter((cell) => cell.release === release).map(({ kmod }) => kmod);
    return kmods.length === 0 ? [] : [{ release, arch, flavour, kmods: kmods.sort() }];
  });
}
