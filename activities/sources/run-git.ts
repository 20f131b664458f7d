import {
  ContentInvalidError,
  NotFoundError,
  ProgramFailedError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import { type ProgramOutput, runProgram } from '../run-program.ts';
import { streamProgram } from '../stream-program.ts';
import { classifyGitFailure } from './git-failure.ts';

/** How git is run. */
export interface GitOptions {
  /** Named in errors: the address of the repository. */
  readonly url: string;
  readonly signal: AbortSignal;
  /** Exit codes that are an answer. @default {[0]} */
  readonly okCodes?: readonly number[];
  readonly maxOutputBytes?: number;
}

/** No file that git writes, pack or archive, may be larger. */
const FILE_BYTES_LIMIT = 4 * 1024 ** 3;
const TIMEOUT_MS = 15 * 60_000;

/** What a repository could make git do besides: run hooks, ask people, tidy up in the background. */
const CONFIG = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'gc.auto': '0',
  // Packs are counted; loose objects would not be.
  'fetch.unpackLimit': '1',
  'maintenance.auto': 'false',
  'fetch.recurseSubmodules': 'false',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '60',
};

const ENVIRONMENT = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ALLOW_PROTOCOL: 'https:ssh:git:file',
  // Nobody is there to answer a question; the user's own core.sshCommand stays in force.
  SSH_ASKPASS: '/bin/false',
  SSH_ASKPASS_REQUIRE: 'force',
  GIT_OPTIONAL_LOCKS: '0',
};

/**
 * Runs git by its argument vector: without hooks, prompts, and protocols that run programs.
 *
 * @throws {StreamUnreachableError} If the server cannot be reached, or did not end in time.
 * @throws {NotFoundError} If the server refuses: no such repository, branch or commit, or no access.
 * @throws {ContentInvalidError} If more comes than a source may have.
 */
export async function runGit(
  args: readonly string[],
  { url, signal, ...options }: GitOptions,
): Promise<ProgramOutput> {
  try {
    return await runProgram(toArgv(args), {
      signal,
      env: ENVIRONMENT,
      timeoutMs: TIMEOUT_MS,
      ...options,
    });
  } catch (error) {
    if (!(error instanceof ProgramFailedError) || error.exitCode === null) throw error;
    throw explain(url, error);
  }
}

/**
 * Runs git as {@link runGit} does and gives what it prints, piece by piece.
 *
 * @throws As {@link runGit}.
 */
export async function* streamGit(
  args: readonly string[],
  { url, signal }: Pick<GitOptions, 'url' | 'signal'>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* streamProgram(toArgv(args), { signal, env: ENVIRONMENT });
  } catch (error) {
    if (!(error instanceof ProgramFailedError) || error.exitCode === null) throw error;
    throw explain(url, error);
  }
}

function toArgv(args: readonly string[]): [string, ...string[]] {
  const settings = Object.entries(CONFIG).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return ['prlimit', `--fsize=${FILE_BYTES_LIMIT}`, '--core=0', '--', 'git', ...settings, ...args];
}

function explain(url: string, cause: ProgramFailedError): Error {
  const words = cause.stderrTail.trim() || cause.message;
  const options = { cause };
  switch (classifyGitFailure(words)) {
    case 'too-large': {
      const detail = `expected files of at most ${FILE_BYTES_LIMIT} bytes, found larger ones`;
      return new ContentInvalidError(url, detail, options);
    }
    case 'refused':
      return new NotFoundError('fetch', url, words);
    default:
      return new StreamUnreachableError(url, words, options);
  }
}
