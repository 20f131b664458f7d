import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ContentInvalidError, ProgramFailedError } from '../../model/activity-errors.ts';
import { NoRoomError } from '../../model/room-errors.ts';
import type { ListedPackage } from '../../model/snapshot.ts';
import { findFullPath } from '../room.ts';
import { NO_EXIT_CODE, runProgram } from '../run-program.ts';

/** dnf reads 5,000 packages in half a second; beyond this it hangs. */
const DNF_TIMEOUT_MS = 120_000;
/** More names than a repository of a hundred thousand packages prints. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

/** With less, a refusal says nothing of what was refused. */
const LEAST_ROOM = { bytes: 4 * 1024 * 1024, inodes: 100 };

/** What dnf is asked about. */
export interface DnfQuestion {
  /** Path of dnf 4 or 5. */
  readonly dnf: string;
  /** The snapshot or draft. */
  readonly path: string;
  readonly publicKeyFile: string;
  /** An existing directory; gets dnf's cache, keys and root, so that the machine's own are not touched. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * Has dnf read a snapshot as a client would, with `repo_gpgcheck`, and compares what it finds.
 *
 * dnf shows the packages that a machine could install, so it is asked once for each architecture. A dnf that refuses is
 * asked once more: on a full disk it says no more than that the metadata could not be had.
 *
 * @throws {ContentInvalidError} If dnf refuses it or finds other packages.
 * @throws {NoRoomError} If it refuses while there is no room for what it reads.
 * @see dnf.conf(5), `dnf repoquery --queryformat`
 */
export async function askDnf(
  question: DnfQuestion,
  expected: readonly ListedPackage[],
): Promise<void> {
  try {
    await askOnce(question, expected, 'dnf');
  } catch (error) {
    await requireRoom(question, error);
    try {
      await askOnce(question, expected, 'dnf-again');
    } catch (second) {
      await requireRoom(question, second);
      throw second;
    }
  }
}

async function askOnce(
  question: DnfQuestion,
  expected: readonly ListedPackage[],
  name: string,
): Promise<void> {
  const scratch = join(question.scratch, name);
  await mkdir(join(scratch, 'root'), { recursive: true });
  await writeFile(join(scratch, 'dnf.conf'), describeConfig(question));
  const found = new Set<string>();
  for (const arch of listArchitectures(expected)) {
    for (const location of await query({ ...question, scratch, arch })) found.add(location);
  }
  const wanted = new Set(expected.map(({ location }) => location));
  const missing = [...wanted].filter((location) => !found.has(location));
  if (missing.length === 0 && found.size === wanted.size) return;
  const names = missing.slice(0, 10).join(', ') || 'none';
  const detail = `expected dnf to find ${wanted.size} packages, found ${found.size} (missing: ${names})`;
  throw new ContentInvalidError(question.path, detail);
}

/** Lets an error of another kind, or one that no room explains, alone. */
async function requireRoom({ scratch }: DnfQuestion, error: unknown): Promise<void> {
  if (!(error instanceof ContentInvalidError)) throw error;
  const missing = await findFullPath({ paths: [scratch], wanted: LEAST_ROOM });
  if (missing !== undefined) throw new NoRoomError('ask dnf', scratch, missing, { cause: error });
}

function listArchitectures(packages: readonly ListedPackage[]): readonly string[] {
  const architectures = new Set(packages.map(({ nevra }) => nevra.arch));
  architectures.delete('noarch');
  return architectures.size === 0 ? ['noarch'] : [...architectures].sort();
}

/** `$` begins a variable of dnf's and `,` another URL; escaped ones do not. */
function toConfigUrl(path: string): string {
  return pathToFileURL(path).href.replaceAll('$', '%24').replaceAll(',', '%2C');
}

function describeConfig({ path, publicKeyFile }: DnfQuestion): string {
  return `[main]
plugins=0
[rekmod-check]
name=rekmod-check
baseurl=${toConfigUrl(path)}
enabled=1
gpgcheck=1
repo_gpgcheck=1
gpgkey=${toConfigUrl(publicKeyFile)}
`;
}

async function query({
  dnf,
  path,
  scratch,
  arch,
  signal,
}: DnfQuestion & { readonly arch: string }): Promise<readonly string[]> {
  // Relative where dnf splits at spaces.
  const settings = { reposdir: 'none', cachedir: 'cache', persistdir: 'state', logdir: '.' };
  const argv = [
    ...['--quiet', '--assumeyes', '--config', 'dnf.conf', '--releasever', '1'],
    ...[
      '--installroot',
      join(scratch, 'root'),
      ...(arch === 'noarch' ? [] : ['--forcearch', arch]),
    ],
    ...Object.entries(settings).map(([key, value]) => `--setopt=${key}=${value}`),
    ...['--repo', 'rekmod-check', 'repoquery', '--queryformat', '%{location}\\n'],
  ];
  try {
    const { stdout } = await runProgram([dnf, ...argv], {
      ...{ cwd: scratch, signal, timeoutMs: DNF_TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES },
    });
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(decodeURIComponent);
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof ProgramFailedError) || !hasAnswered(cause)) throw cause;
    const said = cause.stderrTail.trim().split('\n').at(-1) ?? '';
    throw new ContentInvalidError(path, `expected dnf to read it, found: ${said}`, { cause });
  }
}

/** Whether dnf ended by itself: one that was killed has said nothing about the snapshot. */
function hasAnswered({ exitCode }: ProgramFailedError): boolean {
  return exitCode !== null && exitCode !== NO_EXIT_CODE;
}
