import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../activities/run-program.ts';
import { cacheDirectory, type Lab, readLab } from '../read-lab.ts';
import type { Distribution } from './corpus-spec.ts';

/** What the corpus needs besides the lab. */
export interface DialectLab {
  readonly lab: Lab;
  /** `uname -r` of each distribution's kernels, the older one first. */
  readonly kernels: Readonly<Record<Distribution, readonly string[]>>;
  /** Repositories with the vendors' macros. */
  readonly vendors: Readonly<Record<Distribution, string>>;
  /** Release of their packages. */
  readonly macrosRelease: string;
}

const MAKE_TIMEOUT_MS = 15 * 60_000;

/** Makes what is not made yet: minutes on a new machine, else a second. */
export async function makeDialectLab(): Promise<DialectLab> {
  const lab = await readLab();
  if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
  await make('make-kernels.sh');
  const macrosRelease = (await make('make-vendor.sh')).trim();
  const directory = join(cacheDirectory(), 'lab', 'dialects');
  const kernels: readonly Record<Distribution, string>[] = JSON.parse(
    await readFile(join(directory, 'kernels.json'), 'utf8'),
  );
  return {
    lab,
    kernels: { el: kernels.map(({ el }) => el), suse: kernels.map(({ suse }) => suse) },
    vendors: { el: join(directory, 'vendor', 'el'), suse: join(directory, 'vendor', 'suse') },
    macrosRelease,
  };
}

async function make(script: string): Promise<string> {
  const { REKMOD_CACHE, XDG_CACHE_HOME } = process.env;
  const env = {
    ...(REKMOD_CACHE === undefined ? {} : { REKMOD_CACHE }),
    ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }),
  };
  const argv = ['bash', join(import.meta.dirname, script)] as const;
  return (await runProgram([...argv], { env, timeoutMs: MAKE_TIMEOUT_MS })).stdout;
}
