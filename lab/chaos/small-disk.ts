import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SIZE = '1500m';
/** A snapshot's links take one each. */
const INODES = 15_000;

/** A file system in memory that can be filled to the brim. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** @returns How many bytes were taken. */
  fill(): Promise<number>;
  /** @returns How many files were made. */
  fillInodes(): Promise<number>;
  /** Gives everything back. */
  free(): Promise<void>;
}

/** Mounts one. @throws {Error} If this user may not. */
export async function mountSmallDisk(path: string): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  const options = `size=${SIZE},nr_inodes=${INODES},mode=0755`;
  await run('mount', ['-t', 'tmpfs', '-o', options, 'rekmod-chaos', path]);
  const ballast = join(path, 'ballast');
  return {
    path,
    async fill() {
      await mkdir(ballast, { recursive: true });
      const { bavail, bsize } = await statfs(path);
      const sizeBytes = bavail * bsize;
      await run('fallocate', ['--length', `${sizeBytes}`, join(ballast, 'file')]).catch(() => {});
      return sizeBytes;
    },
    async fillInodes() {
      await mkdir(ballast, { recursive: true });
      for (let count = 0; count <= INODES; count += 1) {
        try {
          await writeFile(join(ballast, `${count}`), '');
        } catch {
          return count;
        }
      }
      throw new Error('BUG: there are more inodes than the disk was mounted with');
    },
    free: () => rm(ballast, { recursive: true, force: true }),
    async [Symbol.asyncDispose]() {
      await run('umount', [path]).catch(() => run('umount', ['--lazy', path]));
      await rm(path, { recursive: true, force: true });
    },
  };
}
