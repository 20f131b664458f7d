import { type ChildProcess, spawn } from 'node:child_process';
import { ProgramFailedError } from '../../model/activity-errors.ts';
import type { MachineEnd } from '../../plan/read-boot-report.ts';

/** Bounds of a run. */
export interface RunLimits {
  /** Longest time without a sign of life, see {@link RunLimits.signOfLife}. */
  readonly silenceMs: number;
  /** Only output with this text in it proves that the guest goes on: a module may write for ever. */
  readonly signOfLife: string;
  readonly maxConsoleBytes: number;
  readonly signal: AbortSignal;
}

/** What a machine wrote on its serial line, and its end. */
export interface MachineRun {
  readonly consoleText: string;
  readonly end: MachineEnd;
}

const STDERR_LENGTH_LIMIT = 4000;
/** QEMU itself: 1 is an error of its own, such as an unknown argument. */
const QEMU_ERROR_STATUS = 1;

/**
 * Runs QEMU until it ends, is silent for too long or writes too much. Its whole process group is gone when this
 * returns or throws.
 *
 * @throws {ProgramFailedError} If QEMU cannot be started, dies of a signal that was not ours, or refuses to run.
 */
export async function runMachine(argv: readonly string[], limits: RunLimits): Promise<MachineRun> {
  limits.signal.throwIfAborted();
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = waitForClose(child);
  let killedBecause: string | undefined;
  const kill = (why: string) => {
    killedBecause ??= why;
    killGroup(child);
  };
  const onAbort = () => kill('it was cancelled');
  limits.signal.addEventListener('abort', onAbort);
  const output = collectConsole(child, limits, kill);
  try {
    const { status, startError } = await closed;
    limits.signal.throwIfAborted();
    if (killedBecause !== undefined) {
      return { consoleText: output.text(), end: { kind: 'killed', detail: killedBecause } };
    }
    if (status === null || status === QEMU_ERROR_STATUS) {
      throw describeFailure(argv, { status, startError, stderr: output.stderr() });
    }
    return { consoleText: output.text(), end: { kind: 'exit', status } };
  } finally {
    limits.signal.removeEventListener('abort', onAbort);
    output.close();
    killGroup(child);
  }
}

interface Closed {
  readonly status: number | null;
  readonly startError?: Error | undefined;
}

function waitForClose(child: ChildProcess): Promise<Closed> {
  return new Promise((resolve) => {
    child.once('error', (startError) => resolve({ status: null, startError }));
    child.once('close', (status: number | null) => resolve({ status }));
  });
}

/** A group of its own is what `detached` gives; it may be gone already. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const isRunning = child.exitCode === null && child.signalCode === null;
  if (!isRunning) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function collectConsole(child: ChildProcess, limits: RunLimits, kill: (why: string) => void) {
  const seconds = Math.round(limits.silenceMs / 1000);
  const onSilence = () => kill(`no step ended within ${seconds} s`);
  let timer = setTimeout(onSilence, limits.silenceMs);
  let text = '';
  let seenUpTo = 0;
  let stderr = '';
  child.stdout?.setEncoding('latin1').on('data', (chunk: string) => {
    if (text.length + chunk.length > limits.maxConsoleBytes) {
      text += chunk.slice(0, limits.maxConsoleBytes - text.length);
      kill(`it wrote more than ${limits.maxConsoleBytes} bytes on the console`);
      return;
    }
    text += chunk;
    const sign = text.lastIndexOf(limits.signOfLife);
    if (sign < seenUpTo) return;
    seenUpTo = sign + 1;
    clearTimeout(timer);
    timer = setTimeout(onSilence, limits.silenceMs);
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(0, STDERR_LENGTH_LIMIT);
  });
  return { text: () => text, stderr: () => stderr, close: () => clearTimeout(timer) };
}

function describeFailure(
  argv: readonly string[],
  { status, startError, stderr }: Closed & { readonly stderr: string },
): ProgramFailedError {
  const isMissing =
    startError !== undefined && 'code' in startError && startError.code === 'ENOENT';
  const detail = startError?.message ?? `expected the machine to run, found exit code ${status}`;
  const exitCode = isMissing ? null : (status ?? -1);
  return new ProgramFailedError(argv, { exitCode, stderrTail: stderr, detail });
}
