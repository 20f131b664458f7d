import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import { readVermagicFlags } from '../../kabi/vermagic.ts';
import type { Symvers } from '../../model/kabi.ts';
import type { Sha256Hex } from '../../model/store.ts';
import { cacheDirectory } from '../read-lab.ts';
import { digestFile } from './remember.ts';

/** A kernel of the archive, unpacked. */
export interface TruthKernel {
  /** `uname -r`, e.g. `6.12.117+deb12-amd64`. */
  readonly release: string;
  /** E.g. `6.12`. */
  readonly series: string;
  /** Has `lib/modules/<release>/` and `usr/src/kernels/<release>/`. */
  readonly directory: string;
  readonly symversFile: string;
  readonly symversDigest: Sha256Hex;
  readonly symvers: Symvers;
  /** As rekmod reads them from the build tree. */
  readonly vermagicFlags: readonly string[];
}

/** Lists what the archive has: of each series the newest kernels, the oldest first. */
export async function listKernels(countOfSeries: number): Promise<readonly string[]> {
  const { stdout } = await runScript('list-kernels.sh', [`${countOfSeries}`]);
  return stdout.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
}

/** Unpacks a kernel, unless it is there, and reads its exports; seconds, the download apart. */
export async function loadKernel(release: string): Promise<TruthKernel> {
  const { stdout } = await runScript('unpack-kernel.sh', [release]);
  const directory = stdout.trim();
  const symversFile = join(directory, 'Module.symvers');
  const config = join(directory, 'usr/src/kernels', release, 'include/config/auto.conf');
  const [series = ''] = /^\d+\.\d+/.exec(release) ?? [];
  return {
    release,
    series,
    directory,
    symversFile,
    symversDigest: await digestFile(symversFile),
    symvers: parseSymvers(await readFile(symversFile, 'utf8')),
    vermagicFlags: readVermagicFlags(await readFile(config, 'utf8')),
  };
}

/** Runs a script of this folder with the cache's place. */
export async function runScript(name: string, args: readonly string[]) {
  const { DOCKER_HOST } = process.env;
  return await runProgram(['bash', join(import.meta.dirname, name), ...args], {
    timeoutMs: 30 * 60_000,
    env: { REKMOD_CACHE: cacheDirectory(), ...(DOCKER_HOST ? { DOCKER_HOST } : {}) },
  });
}
