import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StateDamagedError } from '../model/activity-errors.ts';
import type { Sha256Hex, StoredFile } from '../model/store.ts';
import { isMissing } from './atomic-file.ts';
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
      await mkdir(dirname(pathOf(stored.sha256)), { recursive: true });
      await rename(temporary, pathOf(stored.sha256));
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
      try {
        return { sha256, sizeBytes: (await stat(pathOf(sha256))).size };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async require(file) {
      const path = pathOf(file.sha256);
      const found = await stat(path).catch(() => undefined);
      if (found?.size === file.sizeBytes) return path;
      const detail = `expected ${file.sizeBytes} bytes, found ${found?.size ?? 'no file'}`;
      throw new StateDamagedError(path, detail);
    },
  };
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
