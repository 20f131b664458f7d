import { writeFile } from 'node:fs/promises';
import { runProgram } from '../run-program.ts';

/** createrepo_c takes a fifth of a second for 5,000 packages that it knows; a first time reads them all. */
const CREATEREPO_TIMEOUT_MS = 1_200_000;

/** What is listed, and what is known of it. */
export interface MetadataSource {
  /** A snapshot with metadata that lists what is not new; it is all new if absent. */
  readonly former?: string | undefined;
  /**
   * Paths below the directory; those that the former snapshot does not list are there. All packages that
   * lie there if absent.
   */
  readonly locations?: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * Writes the rpm-md metadata of packages, taking over what the former metadata says of files that it
 * knows by name: names never change their content here, so these files are not even looked at. No sqlite
 * files, which no client of ours reads; gz, which every client does.
 *
 * @param directory Gets `repodata/`; a list for the program lies beside it.
 * @see createrepo_c(8)
 */
export async function makeMetadata(
  directory: string,
  { former, locations, signal }: MetadataSource,
): Promise<void> {
  const reuse = former === undefined ? [] : ['--update', '--skip-stat', '--update-md-path', former];
  const format = ['--quiet', '--no-database', '--general-compress-type=gz'];
  const chosen = locations === undefined ? [] : await writeList(directory, locations);
  await runProgram(['createrepo_c', ...format, ...reuse, ...chosen, directory], {
    signal,
    timeoutMs: CREATEREPO_TIMEOUT_MS,
  });
}

async function writeList(
  directory: string,
  locations: readonly string[],
): Promise<readonly string[]> {
  const list = `${directory}.list`;
  await writeFile(list, locations.map((location) => `${location}\n`).join(''));
  return ['--pkglist', list];
}
