import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StateDamagedError } from '../model/activity-errors.ts';

/**
 * Writes a whole file or nothing: to a temporary name beside it, synced, then renamed.
 *
 * A reader sees the old content or the new, also after a power cut; after a crash at worst a `.tmp` file is
 * left. When it returns, the disk has it.
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncPath(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Has the disk know a file, or the names in a directory: after a power cut they are there. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a record as JSON that a person can read; see {@link writeFileAtomically}. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, `${JSON.stringify(value, undefined, 1)}\n`);
}

/**
 * Reads a record that {@link writeJson} wrote.
 *
 * @param isRecord Tells whether the value is such a record; checks its outline, not every field,
 *   because only rekmod writes there.
 * @returns undefined when there is no such file.
 * @throws {StateDamagedError} If the file is no JSON or not such a record.
 */
export async function readJson<T>(
  path: string,
  isRecord: (value: unknown) => value is T,
): Promise<T | undefined> {
  const text = await readIfExists(path);
  return text === undefined ? undefined : toRecord(path, text, isRecord);
}

/**
 * Does as {@link readJson}, at once: for a few kB of which hundreds are read. A read takes 15 µs, of
 * which the four turns of the event loop that the other way takes would make 130.
 */
export function readJsonSync<T>(
  path: string,
  isRecord: (value: unknown) => value is T,
): T | undefined {
  const text = readIfExistsSync(path);
  return text === undefined ? undefined : toRecord(path, text, isRecord);
}

/**
 * Takes the text of a record.
 *
 * @param path Where it was read, for the error.
 * @throws {StateDamagedError} See {@link readJson}.
 */
export function toRecord<T>(
  path: string,
  text: string,
  isRecord: (value: unknown) => value is T,
): T {
  const value = parseState(path, text);
  if (!isRecord(value)) throw new StateDamagedError(path, 'expected a record, found other JSON');
  return value;
}

function parseState(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StateDamagedError(path, 'expected JSON, found other text', { cause });
  }
}

/** Reads a text file; undefined when it does not exist. */
export async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Does as {@link readIfExists}, at once. */
export function readIfExistsSync(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether an error of `node:fs` says that there is no such file or directory. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
