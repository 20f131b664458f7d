import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../activities/run-program.ts';
import { cacheDirectory, type LabKmod } from './read-lab.ts';

/** Suites of Debian that are newer than the lab's own. */
export type NewerSuite = 'stable' | 'unstable';

/** The source of a kmod as a newer suite has it. */
export interface NewerSource {
  /** As the kmod is called in the lab. */
  readonly name: string;
  /** Holds nothing but the archive. */
  readonly directory: string;
  /** A `.tar.gz` with one folder in it. */
  readonly archive: string;
  /** E.g. `3.10.2`. */
  readonly version: string;
}

const TIMEOUT_MS = 30 * 60_000;

/** Fetches the sources of kmods from a suite, unless they are there. @returns Those that the suite has. */
export async function fetchNewerSources(
  suite: NewerSuite,
  kmods: readonly Pick<LabKmod, 'name' | 'debianPackage'>[],
): Promise<readonly NewerSource[]> {
  const pairs = kmods.flatMap(({ name, debianPackage }) =>
    debianPackage === undefined ? [] : [name, debianPackage],
  );
  const script = join(import.meta.dirname, 'newer-sources.sh');
  const { stdout } = await runProgram(['bash', script, suite, ...pairs], {
    timeoutMs: TIMEOUT_MS,
    env: { REKMOD_CACHE: cacheDirectory() },
  });
  const names = stdout.split('\n').filter((name) => name !== '');
  return await Promise.all(names.map((name) => readSource(suite, name)));
}

async function readSource(suite: NewerSuite, name: string): Promise<NewerSource> {
  const directory = join(cacheDirectory(), 'lab', 'newer', suite, name);
  const files = await readdir(directory);
  const archive = files.find((file) => file.endsWith('.tar.gz'));
  if (archive === undefined) {
    throw new Error(`Cannot read "${directory}": expected a .tar.gz, found ${files.join(', ')}`);
  }
  const version = archive.slice(name.length + 1, -'.tar.gz'.length);
  return { name, directory, archive: join(directory, archive), version };
}
