import { execFile } from 'node:child_process';
import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A disk that can be made slow for rekmod, its signer and the programs that they run: what waits for a disk there waits
 * longer (`slow-disk.c`). Temporal and the engine make system calls of their own and are not slowed down.
 */
export interface SlowDisk {
  /** What the processes must be started with. */
  readonly environment: Readonly<Record<string, string>>;
  slow(delayMs: number): Promise<void>;
  /** @returns Whether any call was slowed down. */
  mend(): Promise<boolean>;
}

/** Compiles what slows it down. @throws {Error} If there is no compiler. */
export async function makeSlowDisk(directory: string): Promise<SlowDisk> {
  const library = join(directory, 'slow-disk.so');
  const control = join(directory, 'slow-disk-ms');
  const source = join(import.meta.dirname, 'slow-disk.c');
  await promisify(execFile)('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
  const used = `${control}.used`;
  return {
    environment: { LD_PRELOAD: library, REKMOD_SLOW_DISK: control },
    async slow(delayMs) {
      await writeFile(control, `${delayMs}`);
    },
    async mend() {
      await rm(control, { force: true });
      const wasUsed = await access(used).then(
        () => true,
        () => false,
      );
      await rm(used, { force: true });
      return wasUsed;
    },
  };
}
