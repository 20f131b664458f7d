import { spawn } from 'node:child_process';
import { ProgramFailedError } from '../model/activity-errors.ts';

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to a minimal environment (`PATH`, `HOME`, `LC_ALL=C`). */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What is kept of each output. @default {4 MiB} */
  readonly maxOutputBytes?: number;
  /** Exit codes that are an answer, not an error. @default {[0]} */
  readonly okCodes?: readonly number[];
}

/** What a program said. */
export interface ProgramOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

const DEFAULT_OUTPUT_BYTES = 4 * 1024 * 1024;
const TAIL_CHARACTERS = 2000;
/** Of a program that was ended, or that the machine could not start now; `null` says that it is missing. */
export const NO_EXIT_CODE = -1;

/**
 * Runs a program by its argument vector; there is never a shell in between.
 *
 * @throws {ProgramFailedError} If it cannot be started, runs out of time or ends with another code.
 */
export async function runProgram(
  argv: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<ProgramOutput> {
  const [program, ...args] = argv;
  const okCodes = options.okCodes ?? [0];
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 120_000);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  const child = spawn(program, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...minimalEnvironment(), ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  const limit = options.maxOutputBytes ?? DEFAULT_OUTPUT_BYTES;
  const stdout = keepHead(child.stdout, limit);
  const stderr = keepHead(child.stderr, limit);
  // A program that ends without reading its input is judged by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).catch((cause: unknown) => {
    options.signal?.throwIfAborted();
    const detail = timeout.aborted
      ? `expected an end within ${options.timeoutMs ?? 120_000} ms, found none`
      : describeStartFailure(cause);
    const exitCode = !timeout.aborted && cannotStart(cause) ? null : NO_EXIT_CODE;
    throw new ProgramFailedError(argv, { exitCode, stderrTail: stderr(), detail }, { cause });
  });
  if (exitCode !== null && okCodes.includes(exitCode)) {
    return { stdout: stdout(), stderr: stderr(), exitCode };
  }
  const tail = (stderr() || stdout()).slice(-TAIL_CHARACTERS);
  throw new ProgramFailedError(argv, { exitCode: exitCode ?? NO_EXIT_CODE, stderrTail: tail });
}

/** Whether the program is at fault, and a person must install or mend it. */
function cannotStart(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return code === 'ENOENT' || code === 'EACCES';
}

function describeStartFailure(cause: unknown): string {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return isMissing ? 'expected the program to be installed, found none' : String(cause);
}

/** What every program is given: a caller's variables are none of its business. */
export function minimalEnvironment(): Record<string, string> {
  // biome-ignore lint/style/noProcessEnv: programs are found on the caller's PATH
  const { PATH = '/usr/sbin:/usr/bin:/sbin:/bin', HOME = '/' } = process.env;
  return { PATH, HOME, LC_ALL: 'C' };
}

function keepHead(stream: NodeJS.ReadableStream, limitBytes: number): () => string {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    if (sizeBytes < limitBytes) chunks.push(chunk.subarray(0, limitBytes - sizeBytes));
    sizeBytes += chunk.byteLength;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
