import { statSync } from 'node:fs';
import { readIfExistsSync, toRecord, writeJson } from './atomic-file.ts';
import { openBoundedCache } from './bounded-cache.ts';

/** Reads and writes records of one kind by their path; see {@link openJsonFiles}. */
export interface JsonFiles<T> {
  /**
   * @returns undefined when there is no such file. Whoever reads the same file again may get the same value.
   * @throws {StateDamagedError} If the file is no JSON or not such a record.
   */
  read(path: string): T | undefined;
  /** Writes as `writeJson` does. */
  write(path: string, value: T): Promise<void>;
}

/** A record of a cell has 1 to 5 kB: all of some thousand cells. About three times as much in memory. */
const KEPT_BYTES = 16 * 1024 * 1024;

interface Kept<T> {
  readonly value: T;
  readonly identity: string;
}

/**
 * Opens small records and keeps what was read of them: a file that is as it was is not read again.
 *
 * It asks the disk each time, at once: some 5 µs, of which asking by the event loop would make 50. A file that another
 * process replaced is seen by its inode and times, which `writeJson` never leaves alike.
 */
export function openJsonFiles<T>(isRecord: (value: unknown) => value is T): JsonFiles<T> {
  const kept = openBoundedCache<string, Kept<T>>(KEPT_BYTES);

  function read(path: string): T | undefined {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    const { ino, size, mtimeNs, ctimeNs } = stats ?? {};
    const identity = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    const known = kept.get(path);
    if (stats && known?.identity === identity) return known.value;
    kept.delete(path);
    // What replaced it meanwhile is kept under the old identity, and read again the next time.
    const text = stats && readIfExistsSync(path);
    if (text === undefined) return undefined;
    const value = toRecord(path, text, isRecord);
    kept.set(path, { value, identity }, Buffer.byteLength(text));
    return value;
  }

  async function write(path: string, value: T): Promise<void> {
    await writeJson(path, value);
    kept.delete(path);
  }

  return { read, write };
}
