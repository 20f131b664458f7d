import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findProgram } from '../activities/find-program.ts';
import { runProgram } from '../activities/run-program.ts';
import { RekmodError } from '../model/errors.ts';

/** How a database stood and stands. */
export interface ShrunkDatabase {
  readonly beforeBytes: number;
  readonly afterBytes: number;
}

/** Less is not worth the time; a start would write the whole file for it. */
const MIN_FREE_BYTES = 64 * 1024 * 1024;
const MIN_FREE_SHARE = 0.25;
/** A gigabyte takes some ten seconds on a common disk. */
const TIMEOUT_MS = 300_000;

/**
 * Gives back to the file system what a SQLite database has no use for: histories that ended long ago leave holes
 * that are used again, but the file never becomes smaller by itself. Nobody may have it open. SQLite
 * journals it, so that a crash leaves it as it was.
 *
 * @returns Undefined when there is little to gain, no room for the copy, or no `sqlite3`; the database works as it is.
 */
export async function shrinkDatabase(
  path: string,
  searchPath: string,
  minFreeBytes: number = MIN_FREE_BYTES,
): Promise<ShrunkDatabase | undefined> {
  const program = await findProgram('sqlite3', searchPath);
  const beforeBytes = await sizeOf(path);
  if (program === undefined || beforeBytes < minFreeBytes) return undefined;
  try {
    const freeBytes = await askFreeBytes(program, path);
    const room = await statfs(dirname(path));
    const isWorthIt = freeBytes >= minFreeBytes && freeBytes >= beforeBytes * MIN_FREE_SHARE;
    if (!isWorthIt || room.bavail * room.bsize < 2 * beforeBytes) return undefined;
    await runProgram([program, path, 'VACUUM;'], { timeoutMs: TIMEOUT_MS });
    return { beforeBytes, afterBytes: await sizeOf(path) };
  } catch (error) {
    // A database that cannot be shrunk can still be used; what is wrong with it is Temporal's to tell.
    if (error instanceof RekmodError) return undefined;
    throw error;
  }
}

async function askFreeBytes(program: string, path: string): Promise<number> {
  const query = 'PRAGMA freelist_count; PRAGMA page_size;';
  const { stdout } = await runProgram([program, '-batch', path, query]);
  const [count = 0, sizeBytes = 0] = stdout.split('\n').map(Number);
  return count * sizeBytes;
}

async function sizeOf(path: string): Promise<number> {
  return await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
