import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, type Header } from 'tar-stream';
import type { BuiltFile } from './backend.ts';
import {
  badOutput,
  checkRpmName,
  FILE_COUNT_LIMIT,
  OutputRefusedError,
  showName,
  tooLarge,
} from './rpm-output.ts';

/** Takes in what a build hands out, which nobody vouches for. */
export interface RpmReceiver {
  /** @throws {OutputRefusedError} If this is no tar of RPMs, or too much of it. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * @returns What was received, sorted by name; at least one.
   * @throws {OutputRefusedError} If the tar is not whole, or empty.
   */
  finish(): Promise<readonly BuiltFile[]>;
  /** Removes everything that was received. */
  discard(): Promise<void>;
}

/** Headers and padding of that many files, and tar's own end. */
const TAR_OVERHEAD_BYTES = 256 * 1024;

/** Headers, and what stands between the stream and the files. */
const MOST_PENDING_BYTES = 1024 * 1024;

/**
 * Receives a tar stream of RPMs into a directory, without trust in it: regular files only, plain
 * names only, each name once, never over a file that is there, so many and so much and no more.
 *
 * @param limitBytes Of all files together.
 */
export function receiveRpms(directory: string, limitBytes: number): RpmReceiver {
  const tar = extract();
  const received: BuiltFile[] = [];
  const created: string[] = [];
  const consumed = consume();
  consumed.catch(() => undefined);
  let streamBytes = 0;
  let fileBytes = 0;

  async function consume(): Promise<void> {
    let totalBytes = 0;
    try {
      for await (const entry of tar) {
        const file = checkHeader(entry.header, received);
        totalBytes += file.sizeBytes;
        if (totalBytes > limitBytes) throw tooLarge(limitBytes);
        await writeEntry(entry, file);
        received.push(file);
      }
    } catch (error) {
      throw isTarError(error) ? badOutput(`no tar: ${error.message}`) : error;
    }
  }

  async function writeEntry(entry: AsyncIterable<unknown>, file: BuiltFile): Promise<void> {
    const path = join(directory, file.name);
    const handle = await openNew(path, file.name);
    created.push(path);
    try {
      for await (const chunk of entry) {
        if (!(chunk instanceof Uint8Array)) throw badOutput('no bytes');
        await handle.appendFile(chunk);
        fileBytes += chunk.length;
      }
    } finally {
      await handle.close();
    }
  }

  return {
    async write(chunk) {
      streamBytes += chunk.length;
      if (streamBytes > limitBytes + TAR_OVERHEAD_BYTES) throw tooLarge(limitBytes);
      if (tar.destroyed) await consumed;
      // tar-stream keeps an extended header in memory, however long it says to be.
      if (streamBytes - fileBytes > MOST_PENDING_BYTES + chunk.length)
        throw badOutput('no tar of files');
      if (tar.write(chunk)) return;
      const drained = new Promise<void>((resolve) => {
        tar.once('drain', resolve);
      });
      await Promise.race([drained, consumed]);
    },
    async finish() {
      if (!tar.destroyed) tar.end(null);
      await consumed;
      if (received.length === 0) throw badOutput('no package at all');
      return received.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async discard() {
      // With an error, without which tar-stream would let the loop wait for ever.
      tar.destroy(new Error('discarded'));
      await consumed.catch(() => undefined);
      for (const path of created) await rm(path, { force: true });
    },
  };
}

function checkHeader(header: Header, received: readonly BuiltFile[]): BuiltFile {
  const { name, type, size } = header;
  const shown = showName(name);
  if (type !== 'file') throw badOutput(`${shown} is no regular file`);
  checkRpmName(name);
  if (received.length === FILE_COUNT_LIMIT) throw badOutput(`more than ${FILE_COUNT_LIMIT} files`);
  if (!Number.isSafeInteger(size) || size < 0) throw badOutput(`${shown} has no size`);
  return { name, sizeBytes: size };
}

async function openNew(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o644);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw isThere ? badOutput(`"${name}" is there already`) : error;
  }
}

/** Errors of the file system name their system call; all others are tar-stream's. */
function isTarError(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof OutputRefusedError) && !('syscall' in error);
}
