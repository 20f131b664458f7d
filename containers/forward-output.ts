import type { Readable } from 'node:stream';
import { demultiplex } from './demultiplex.ts';
import type { ContainerControl, ContainerRequest } from './engine.ts';

/** Counts what came, also what was not forwarded. */
export interface OutputCount {
  stdoutBytes: number;
  stderrBytes: number;
}

/** Marks what a callback threw, to tell it from an error of the connection. */
export class CallbackFailure extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super('a callback of the run failed');
    this.thrown = thrown;
  }
}

/**
 * Hands an attached container's output to the callbacks, each stream up to its limit.
 *
 * @param count Grows as the output comes.
 * @throws {CallbackFailure} If a callback throws.
 */
export async function forwardOutput(
  source: Readable,
  count: OutputCount,
  request: Pick<ContainerRequest, 'stdoutLimitBytes' | 'stderrLimitBytes'>,
  control: Pick<ContainerControl, 'onStdout' | 'onStderr'>,
): Promise<void> {
  for await (const { stream, bytes } of demultiplex(source)) {
    const isStdout = stream === 'stdout';
    const limit = isStdout ? request.stdoutLimitBytes : request.stderrLimitBytes;
    const room = Math.max(0, limit - (isStdout ? count.stdoutBytes : count.stderrBytes));
    if (isStdout) count.stdoutBytes += bytes.length;
    else count.stderrBytes += bytes.length;
    if (room === 0) continue;
    const within = bytes.subarray(0, room);
    try {
      await (isStdout ? control.onStdout(within) : control.onStderr(within));
    } catch (error) {
      throw new CallbackFailure(error);
    }
  }
}
