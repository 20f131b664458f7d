import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Buildroot, RunControl } from './backend.ts';
import type { ContainerEngine } from './engine.ts';
import { type PrepareJob, runPrepareStage } from './prepare-buildroot.ts';
import type { ReadSpec } from './prepare-inputs.ts';
import { readRequirements } from './read-requirements.ts';

/**
 * Installs what specs require into a buildroot, and makes an image of it. A spec that cannot be read, or
 * whose requirements cannot be had, is told in the log and holds up no other.
 *
 * @param imageId Of a buildroot that holds the kernel and the target's packages.
 */
export async function installRequirements(
  engine: ContainerEngine,
  job: PrepareJob,
  { imageId, specs }: { readonly imageId: string; readonly specs: readonly ReadSpec[] },
  run: RunControl,
): Promise<Pick<Buildroot, 'id' | 'toolchain'>> {
  const { limits, labels } = job.request;
  const place = { imageId, limits, labels };
  const read = await mapInLanes(specs, limits.parallelBuilds, async ({ input }) => {
    const requirements = await readRequirements(engine, input, place, run);
    if (requirements.kind === 'unreadable') report(run, input.spec, requirements.found);
    return { spec: input.spec, requirements };
  });
  const known = read.flatMap(({ spec, requirements }) =>
    requirements.kind === 'read' ? [{ spec, lines: requirements.lines }] : [],
  );
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-requires-'));
  try {
    // One more, so that there is a file to read if all specs require nothing.
    await writeFile(join(directory, 'none'), '');
    for (const [index, { lines }] of known.entries()) {
      await writeFile(join(directory, String(index)), lines.map((line) => `${line}\n`).join(''));
    }
    const stage = {
      imageId,
      args: known.map(({ spec }) => spec),
      requires: directory,
      unreadCount: specs.length - known.length,
    };
    return await runPrepareStage(engine, job, stage, run);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function report({ onLog }: RunControl, spec: string, found: string): void {
  const expected = 'expected requirements';
  onLog(
    Buffer.from(
      `rekmod: Cannot read the BuildRequires of "${spec}": ${expected}, found ${found}\n`,
    ),
  );
}

/** Maps in order, so many at a time; the first that throws ends it. */
async function mapInLanes<T, R>(
  items: readonly T[],
  laneCount: number,
  map: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, laneCount) }, lane));
  return results;
}
