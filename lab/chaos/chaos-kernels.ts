import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { cacheDirectory, type Lab } from '../read-lab.ts';

const MAKE_TIMEOUT_MS = 5 * 60_000;
const NUMBER = /^(?<before>.*[-.])(?<number>\d+)(?<after>[-+].*)$/;

/** A kernel that a vendor can release. */
export interface ChaosKernel {
  /** `uname -r`. */
  readonly release: string;
  /** As `lab/release-kernel.sh` takes it, e.g. `chaos/6.1.0-57-amd64`. */
  readonly name: string;
  readonly symvers: string;
}

/** The lab's own kernels as they are, oldest first. */
export function listLabKernels({ kernels }: Lab): readonly ChaosKernel[] {
  return kernels.map(({ release, symvers }) => ({ release, name: release, symvers }));
}

/** Makes so many releases that follow the lab's newest kernel, each with a kABI of its own; cached. */
export async function makeKernels(lab: Lab, count: number): Promise<readonly ChaosKernel[]> {
  const source = lab.kernels.find(({ role }) => role === 'changed');
  const newest = lab.kernels.at(-1);
  if (!source || !newest) throw new Error('BUG: the lab has no kernels');
  const made: ChaosKernel[] = [];
  for (let step = 1; step <= count; step += 1) {
    const release = nextRelease(newest.release, step);
    await runProgram(
      ['bash', join(import.meta.dirname, 'make-kernel.sh'), release, source.release],
      {
        timeoutMs: MAKE_TIMEOUT_MS,
        env: { REKMOD_CACHE: cacheDirectory() },
      },
    );
    const directory = join(cacheDirectory(), 'lab', 'kernels', 'chaos', release);
    made.push({ release, name: `chaos/${release}`, symvers: join(directory, 'Module.symvers') });
  }
  return made;
}

/** `6.1.0-56-amd64` and 1: `6.1.0-57-amd64`. */
function nextRelease(release: string, step: number): string {
  const { before, number, after } = NUMBER.exec(release)?.groups ?? {};
  if (before === undefined || number === undefined || after === undefined) {
    throw new Error(`Cannot name a kernel after "${release}": expected a number in it, found none`);
  }
  return `${before}${Number(number) + step}${after}`;
}
