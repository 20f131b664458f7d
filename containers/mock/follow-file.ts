import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const INTERVAL_MS = 200;
const PIECE_BYTES = 64 * 1024;

/** Follows a file that another program appends to. */
export interface FollowedFile {
  /** Reads what is still there, and ends; call it when the writer has ended. */
  finish(): Promise<void>;
}

/**
 * Hands over what is appended to a file, as `tail -F` does; it need not be there yet.
 *
 * @param onChunk Called with each new piece, in order.
 */
export function followFile(path: string, onChunk: (chunk: Uint8Array) => void): FollowedFile {
  const controller = new AbortController();
  let offset = 0;
  const reading = follow();
  reading.catch(() => undefined);

  async function follow(): Promise<void> {
    while (!controller.signal.aborted) {
      await readNew();
      await delay(INTERVAL_MS, undefined, { signal: controller.signal }).catch(() => undefined);
    }
    await readNew();
  }

  async function readNew(): Promise<void> {
    const file = await open(path, 'r').catch(() => undefined);
    if (file === undefined) return;
    try {
      for (;;) {
        const buffer = Buffer.allocUnsafe(PIECE_BYTES);
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        if (bytesRead === 0) return;
        offset += bytesRead;
        onChunk(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  return {
    async finish() {
      controller.abort();
      await reading;
    },
  };
}
