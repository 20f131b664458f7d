import { open } from 'node:fs/promises';
import { isMissing } from '../atomic-file.ts';
import { hasKeys } from '../has-keys.ts';

/** A line has a file name, two digests and a workflow id: below a kilobyte. A burst of failures is shorter than this. */
const TAIL_BYTES = 256 * 1024;

/**
 * Finds when the signer succeeded last, from the end of its log.
 *
 * @returns ISO 8601 in UTC; undefined where the log's end has no success, or where this user may not read it.
 */
export async function findLastSignature(path: string): Promise<string | undefined> {
  const lines = (await readTail(path)).split('\n');
  for (const line of lines.reverse()) {
    const at = readSuccess(line);
    if (at !== undefined) return at;
  }
  return undefined;
}

async function readTail(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r');
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(length),
      position: size - length,
    });
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    const isRefused = error instanceof Error && 'code' in error && error.code === 'EACCES';
    if (isMissing(error) || isRefused) return '';
    throw error;
  }
}

/** The first line of a tail, and one that a crash cut short, are no JSON. */
function readSuccess(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!hasKeys(value, 'at', 'result')) return undefined;
    const { at, result } = value as Readonly<Record<string, unknown>>;
    const isGood = result === 'signed' && typeof at === 'string';
    return isGood && Number.isFinite(Date.parse(at)) ? at : undefined;
  } catch {
    return undefined;
  }
}
