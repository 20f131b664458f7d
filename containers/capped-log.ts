import { OutputRefusedError } from './rpm-output.ts';

/** A log with an end, however much is written. */
export interface CappedLog {
  write(chunk: Uint8Array): void;
  /** Adds a line of rekmod's own, which always gets through: `rekmod: <sentence>`. */
  note(sentence: string): void;
  /** Writes what was kept of the end, after a line that says how much is left out. */
  finish(): void;
  /**
   * @throws {OutputRefusedError} If so much was written that it has no end: what is left out costs the
   *   worker as much as what is kept.
   */
  requireEnd(): void;
  /** The last lines so far, oldest first, without empty ones. */
  lastLines(count: number): readonly string[];
}

/** The end of a log tells most, so it is kept however long the log. */
const TAIL_BYTES = 64 * 1024;
const LONGEST_LINE = 300;
/** A log of so many times its limit has no end. */
const FLOOD_FACTOR = 64;

/**
 * Forwards a log up to a limit. What exceeds it is left out of the middle: a failing compiler says
 * at the end what it has to say.
 *
 * @param limitBytes Of everything that is forwarded, but for rekmod's own lines.
 */
export function capLog(onLog: (chunk: Uint8Array) => void, limitBytes: number): CappedLog {
  const tailBytes = Math.min(TAIL_BYTES, Math.floor(limitBytes / 2));
  const headBytes = limitBytes - tailBytes;
  const recent = keepTail(TAIL_BYTES);
  const held = keepTail(tailBytes);
  let forwardedBytes = 0;
  let heldBytes = 0;
  let writtenBytes = 0;
  return {
    write(chunk) {
      writtenBytes += chunk.length;
      recent.push(chunk);
      const within = chunk.subarray(0, Math.max(0, headBytes - forwardedBytes));
      if (within.length > 0) onLog(within);
      forwardedBytes += within.length;
      heldBytes += chunk.length - within.length;
      held.push(chunk.subarray(within.length));
    },
    requireEnd() {
      const mostBytes = limitBytes * FLOOD_FACTOR;
      if (writtenBytes <= mostBytes) return;
      throw new OutputRefusedError('log-too-large', `more than ${mostBytes} bytes`);
    },
    note(sentence) {
      onLog(Buffer.from(`rekmod: ${sentence}\n`));
    },
    finish() {
      const tail = held.read();
      const leftOutBytes = heldBytes - tail.length;
      if (leftOutBytes > 0) {
        const sentence = `${leftOutBytes} bytes of log are left out here (limit ${limitBytes})`;
        onLog(Buffer.from(`\nrekmod: ${sentence}\n`));
      }
      if (tail.length > 0) onLog(tail);
      heldBytes = 0;
      held.clear();
    },
    lastLines(count) {
      return new TextDecoder()
        .decode(recent.read())
        .split(/[\r\n]+/)
        .filter((line) => line.trim() !== '')
        .slice(-count)
        .map((line) => line.slice(0, LONGEST_LINE));
    },
  };
}

interface Tail {
  push(chunk: Uint8Array): void;
  read(): Uint8Array;
  clear(): void;
}

function keepTail(limitBytes: number): Tail {
  let kept: Uint8Array[] = [];
  let keptBytes = 0;
  const read = (): Uint8Array => Buffer.concat(kept).subarray(Math.max(0, keptBytes - limitBytes));
  return {
    read,
    push(chunk) {
      if (chunk.length === 0) return;
      // A copy, since a chunk may be a small part of a large buffer.
      kept.push(Uint8Array.from(chunk.subarray(Math.max(0, chunk.length - limitBytes))));
      keptBytes += Math.min(chunk.length, limitBytes);
      if (keptBytes > 2 * limitBytes) {
        const whole = read();
        kept = [whole];
        keptBytes = whole.length;
      }
    },
    clear() {
      kept = [];
      keptBytes = 0;
    },
  };
}
