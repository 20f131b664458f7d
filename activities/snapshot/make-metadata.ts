import { runProgram } from '../run-program.ts';

/** createrepo_c takes a fifth of a second for 5,000 packages that it knows; a first time reads them all. */
const CREATEREPO_TIMEOUT_MS = 1_200_000;

/**
 * Writes the rpm-md metadata of all packages below a directory, taking over what the former metadata
 * says of files that it knows by name: names never change their content here, so not even their times are
 * looked at. No sqlite files: no client of ours reads them; gz, which every client reads.
 *
 * @param former A snapshot with metadata.
 * @see createrepo_c(8)
 */
export async function makeMetadata(
  directory: string,
  former: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const reuse = former === undefined ? [] : ['--update', '--skip-stat', '--update-md-path', former];
  await runProgram(
    ['createrepo_c', '--quiet', '--no-database', '--general-compress-type=gz', ...reuse, directory],
    { signal, timeoutMs: CREATEREPO_TIMEOUT_MS },
  );
}
