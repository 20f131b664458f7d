import { randomUUID } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { chmod, link, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StateDamagedError } from '../model/activity-errors.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import { isMissing, syncPath } from './atomic-file.ts';
import { type ExpectedContent, writeVerified } from './write-verified.ts';

/** Files by their SHA-256. Nothing in it ever changes; adding the same content twice is one file. */
export interface ContentStore {
  /** Path of a stored file. Whether it exists is for {@link ContentStore.require} to say. */
  pathOf(sha256: Sha256Hex): string;
  /** @throws {StateDamagedError} If the file is not in the store or has another size. */
  require(file: StoredFile): Promise<string>;
  find(sha256: Sha256Hex): Promise<StoredFile | undefined>;
  add(source: AsyncIterable<Uint8Array>, expected?: ExpectedContent): Promise<StoredFile>;
  addFile(path: string): Promise<StoredFile>;
  addText(text: string): Promise<StoredFile>;
}

/** Opens the store in a directory, which need not exist. */
export function openContentStore(root: string): ContentStore {
  const pathOf = (sha256: Sha256Hex): string => join(root, 'sha256', sha256.slice(0, 2), sha256);

  async function add(
    source: AsyncIterable<Uint8Array>,
    expected?: ExpectedContent,
  ): Promise<StoredFile> {
    const incoming = join(root, 'incoming');
    await mkdir(incoming, { recursive: true });
    const temporary = join(incoming, randomUUID());
    try {
      const stored = await writeVerified(temporary, source, expected);
      await putInPlace(temporary, pathOf(stored.sha256), stored.sizeBytes);
      return stored;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  return {
    pathOf,
    add,
    addFile: (path) => add(readChunks(path)),
    addText: (text) => add(oneChunk(new TextEncoder().encode(text))),
    async find(sha256) {
      const found = await use(pathOf(sha256));
      return found && { sha256, sizeBytes: found.size };
    },
    async require(file) {
      const path = pathOf(file.sha256);
      const found = await use(path);
      if (found?.size === file.sizeBytes) return path;
      const detail = `expected ${file.sizeBytes} bytes, found ${found?.size ?? 'no file'}`;
      throw new StateDamagedError(path, detail);
    },
  };
}

/**
 * Gives new content its place, or marks what is there already as used. It never replaces a good file, so
 * what the upkeep removes is always the very file that it has looked at; a file of another size is what a
 * crash of the machine left, and is replaced.
 */
async function putInPlace(temporary: string, path: string, sizeBytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    try {
      await link(temporary, path);
      await syncPath(dirname(path));
      return;
    } catch (error) {
      if (!isExisting(error)) throw error;
    }
    const found = await use(path);
    if (found?.size === sizeBytes) return;
    if (found !== undefined) await rm(path, { force: true });
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/**
 * Marks a file as used and tells of it. Setting the mode that it has changes nothing but its ctime, by which
 * the upkeep sees that somebody is about to refer to it (`upkeep/sweep-store.ts`). Only what is there *after*
 * that is found: the upkeep may have removed it meanwhile.
 */
async function use(path: string): Promise<Stats | undefined> {
  try {
    const { mode } = await stat(path);
    await chmod(path, mode & 0o7777).catch(ignoreForeign);
    return await stat(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A reader that does not own the store, such as a signer of another user, marks nothing. */
function ignoreForeign(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EPERM' && code !== 'EROFS') throw error;
}

/** Gives a stored file a second name (a hard link); the store and the name share the bytes. */
export async function linkStored(
  store: ContentStore,
  file: StoredFile,
  path: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await link(await store.require(file), path);
}

/** Opens the file when it is read, not before: an error must meet somebody who listens. */
async function* readChunks(path: string): AsyncIterable<Uint8Array> {
  yield* createReadStream(path);
}

async function* oneChunk(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}
