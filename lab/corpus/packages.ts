import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { cacheDirectory } from '../read-lab.ts';

/** A DKMS package of the archive. */
export interface DkmsPackage {
  /** What the kmod is called in the configuration: the package's name without `-dkms`, e.g. `jool`. */
  readonly kmod: string;
  /** E.g. `jool-dkms`. */
  readonly name: string;
  /** The verified file in the cache. */
  readonly deb: string;
}

/** What dkms(8) alone does with a package: `excludes` is its own refusal by `BUILD_EXCLUSIVE_*`. */
export type DkmsAnswer = 'builds' | 'excludes' | 'fails';

const FETCH_TIMEOUT_MS = 15 * 60_000;
const BUILD_TIMEOUT_MS = 60 * 60_000;

/** Lists the archive's DKMS packages, all or those named, and downloads what is not there. */
export async function listPackages(names: readonly string[]): Promise<readonly DkmsPackage[]> {
  return (await runLines('list-packages.sh', names, FETCH_TIMEOUT_MS)).map(([name, deb]) => {
    return { kmod: name.replace(/-dkms$/, ''), name, deb };
  });
}

/** Has dkms(8) build packages for a kernel, where rekmod builds: same image, same kernel-devel. */
export async function buildByDkms(
  release: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, DkmsAnswer>> {
  if (names.length === 0) return new Map();
  const lines = await runLines('build-by-dkms.sh', [release, ...names], BUILD_TIMEOUT_MS);
  return new Map(lines.map(([name, answer]) => [name, toAnswer(answer)]));
}

function toAnswer(word: string): DkmsAnswer {
  if (word === 'builds' || word === 'excludes' || word === 'fails') return word;
  throw new Error(`BUG: build-by-dkms.sh says "${word}"`);
}

/** Runs a script of this folder that prints two words a line. */
async function runLines(
  script: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<readonly (readonly [string, string])[]> {
  const { DOCKER_HOST } = process.env;
  const { stdout } = await runProgram(['bash', join(import.meta.dirname, script), ...args], {
    timeoutMs,
    env: { REKMOD_CACHE: cacheDirectory(), ...(DOCKER_HOST ? { DOCKER_HOST } : {}) },
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const space = line.indexOf(' ');
      return [line.slice(0, space), line.slice(space + 1)];
    });
}
