import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { cacheDirectory, type Lab } from '../read-lab.ts';
import { listKernels } from '../truth/kernels.ts';

const KERNEL_COUNT = 3;
const KERNELS_OF_SERIES = 6;
const MAKE_TIMEOUT_MS = 30 * 60_000;

/**
 * Chooses the kernels that are released one after the other: two of the lab's series whose kABI differs,
 * then the newest of another series, where much is really gone.
 *
 * @returns `uname -r`, the oldest first; none is repackaged.
 */
export async function chooseKernels(lab: Lab): Promise<readonly string[]> {
  const known = lab.kernels.filter(({ role, repackaged }) => role !== 'same' && !repackaged);
  const chosen = known.map(({ release }) => release);
  const others = (await listKernels(KERNELS_OF_SERIES)).filter(
    (release) => !chosen.includes(release),
  );
  const series = new Set(chosen.map(seriesOf));
  const newest =
    others.findLast((release) => !series.has(seriesOf(release))) ?? others.findLast(() => true);
  const all = newest === undefined ? chosen : [...chosen, newest];
  if (all.length !== KERNEL_COUNT) {
    throw new Error(
      `Cannot choose kernels: expected ${KERNEL_COUNT} real ones in the archive, found ${all.join(', ')}`,
    );
  }
  return all;
}

/** Makes a kernel's RPMs as the lab's streams carry them, unless they are there. */
export async function makeKernel(release: string): Promise<void> {
  const script = join(import.meta.dirname, '..', 'kernel-rpms.sh');
  await runProgram(['bash', script, release], {
    timeoutMs: MAKE_TIMEOUT_MS,
    env: { REKMOD_CACHE: cacheDirectory() },
  });
}

/** E.g. `6.12`. */
function seriesOf(release: string): string {
  return /^\d+\.\d+/.exec(release)?.[0] ?? release;
}
