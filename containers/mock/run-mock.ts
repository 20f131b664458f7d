import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { MockUnusableError } from '../../model/mock-errors.ts';
import { endGroup } from './process-group.ts';

/** One start of mock. */
export interface MockCall {
  /** Program and arguments before mock itself, e.g. `['unshare', '--net', '--']`. */
  readonly wrapper: readonly string[];
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** How a caller follows a start of mock. */
export interface MockControl {
  /** What mock prints, standard output and error alike. */
  readonly onOutput: (chunk: Uint8Array) => void;
  /** Called as soon as it runs; the process leads a group of its own. */
  readonly onStart: (pid: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** How mock ended. */
export interface MockEnd {
  /** `undefined` when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly killedBy: string | undefined;
  /** It was stopped because its time was over. */
  readonly isTimedOut: boolean;
  /** The begin of its standard output. */
  readonly stdout: string;
}

const STDOUT_BYTES = 64 * 1024;
/** What mock leaves behind must not keep its caller waiting for the end of the output. */
const OUTPUT_GRACE_MS = 2000;

/**
 * Runs mock to its end, in a process group of its own that ends as a whole.
 *
 * @throws {MockUnusableError} If it cannot be started.
 * @throws {unknown} `control.signal.reason` if that signal ended it; it has ended by then.
 */
export async function runMock(call: MockCall, control: MockControl): Promise<MockEnd> {
  control.signal.throwIfAborted();
  const [program = call.program, ...args] = [...call.wrapper, call.program, ...call.args];
  const child = spawn(program, args, {
    detached: true,
    env: { ...call.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
  });
  const stdout = forward(child, control.onOutput);
  const ended = waitForEnd(child);
  ended.catch(() => undefined);
  const { pid } = child;
  if (pid === undefined) return await ended.then(neverStarted, failToStart(program));
  let isTimedOut = false;
  let ending: Promise<void> | undefined;
  const end = (): void => {
    ending ??= endGroup(pid, ended);
  };
  const timer = setTimeout(() => {
    isTimedOut = true;
    end();
  }, call.timeoutMs);
  control.signal.addEventListener('abort', end);
  if (control.signal.aborted) end();
  try {
    await control.onStart(pid);
    const { code, signal } = await ended;
    await ending;
    control.signal.throwIfAborted();
    const exitCode = code ?? undefined;
    return { exitCode, killedBy: signal ?? undefined, isTimedOut, stdout: stdout() };
  } finally {
    clearTimeout(timer);
    control.signal.removeEventListener('abort', end);
    if (child.exitCode === null && child.signalCode === null) end();
    await ending;
  }
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

function forward(child: Child, onOutput: MockControl['onOutput']): () => string {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    if (keptBytes < STDOUT_BYTES) kept.push(chunk.subarray(0, STDOUT_BYTES - keptBytes));
    keptBytes += chunk.length;
    onOutput(chunk);
  });
  child.stderr.on('data', onOutput);
  return () => Buffer.concat(kept).toString();
}

function waitForEnd(child: Child): Promise<{ code: number | null; signal: string | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const timer = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, OUTPUT_GRACE_MS);
      child.once('close', () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
}

function failToStart(program: string): (error: unknown) => never {
  return (error) => {
    const problem = `cannot start "${program}": ${error instanceof Error ? error.message : error}`;
    throw new MockUnusableError(problem, 'run "rekmod doctor"');
  };
}

function neverStarted(): never {
  throw new Error('BUG: a program without process id ended');
}
