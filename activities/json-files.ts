import { readFileSync, statSync } from 'node:fs';
import { isMissing, toRecord, writeJson } from './atomic-file.ts';

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
  readonly sizeBytes: number;
  readonly identity: string;
}

/**
 * Opens small records and keeps what was read of them: a file that is as it was is not read again.
 *
 * It asks the disk each time, at once: some 5 µs, of which asking by the event loop would make 50. A file that another
 * process replaced is seen by its inode and times, which `writeJson` never leaves alike.
 */
export function openJsonFiles<T>(isRecord: (value: unknown) => value is T): JsonFiles<T> {
  const kept = new Map<string, Kept<T>>();
  let keptBytes = 0;

  function forget(path: string): void {
    keptBytes -= kept.get(path)?.sizeBytes ?? 0;
    kept.delete(path);
  }

  function keep(path: string, one: Kept<T>): void {
    kept.set(path, one);
    keptBytes += one.sizeBytes;
    for (const oldest of kept.keys()) {
      if (keptBytes <= KEPT_BYTES) break;
      forget(oldest);
    }
  }

  function read(path: string): T | undefined {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    const { ino, size, mtimeNs, ctimeNs } = stats ?? {};
    const identity = `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
    const known = kept.get(path);
    if (stats && known?.identity === identity) return known.value;
    forget(path);
    // What replaced it meanwhile is kept under the old identity, and read again the next time.
    const text = stats && readText(path);
    if (text === undefined) return undefined;
    const value = toRecord(path, text, isRecord);
    keep(path, { value, sizeBytes: Buffer.byteLength(text), identity });
    return value;
  }

  async function write(path: string, value: T): Promise<void> {
    await writeJson(path, value);
    forget(path);
  }

  return { read, write };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
