import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProgramFailedError } from '../model/activity-errors.ts';
import { minimalEnvironment, NO_EXIT_CODE } from './run-program.ts';

const STDERR_LENGTH_LIMIT = 2000;

/** How a program is run whose output is a stream. */
export interface StreamOptions {
  /** Added to a minimal environment (`PATH`, `HOME`, `LC_ALL=C`). */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Runs a program by its argument vector and gives what it prints, piece by piece. It never outlives the
 * iteration, also when the consumer stops early.
 *
 * @throws {ProgramFailedError} If it cannot be started or ends with an error.
 */
export async function* streamProgram(
  argv: readonly [string, ...string[]],
  { env = {}, signal }: StreamOptions,
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    env: { ...minimalEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
  });
  const kill = (): boolean => child.kill('SIGKILL');
  const closed = once(child, 'close');
  closed.catch(() => undefined);
  signal.addEventListener('abort', kill);
  let stderrTail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderrTail = (stderrTail + text).slice(-STDERR_LENGTH_LIMIT);
  });
  let isClosed = false;
  try {
    for await (const chunk of child.stdout) yield toBytes(chunk);
    const [exitCode] = await closed.catch((cause: unknown) => {
      const end = { exitCode: null, stderrTail, detail: `expected it to start, found ${cause}` };
      throw new ProgramFailedError(argv, end, { cause });
    });
    isClosed = true;
    signal.throwIfAborted();
    if (exitCode !== 0) {
      throw new ProgramFailedError(argv, { exitCode: exitCode ?? NO_EXIT_CODE, stderrTail });
    }
  } finally {
    signal.removeEventListener('abort', kill);
    if (!isClosed) {
      kill();
      await closed.catch(() => undefined);
    }
  }
}

function toBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new Error('BUG: a program printed something else than bytes');
}
