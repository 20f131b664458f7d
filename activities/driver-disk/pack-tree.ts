import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { DiskContainer } from '../../model/driver-disk.ts';
import { type CpioEntry, writeCpio } from '../../rpm/cpio-writer.ts';
import { DISK_LABEL } from '../../rpm/rhel-driver-disk.ts';
import { runProgram } from '../run-program.ts';

/** How a tree is packed. */
export interface Packing {
  readonly container: DiskContainer;
  /** Of everything in it and of the disk itself, in seconds since 1970. */
  readonly timeSeconds: number;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 600_000;
const compress = promisify(gzip);

/**
 * Packs a directory into one file; equal trees give equal bytes.
 *
 * @throws {ProgramFailedError} If xorriso is missing or fails.
 */
export async function packTree(root: string, output: string, packing: Packing): Promise<void> {
  if (packing.container === 'iso') await writeIso(root, output, packing);
  else await writeFile(output, await compress(writeCpio(await readEntries(root)), { level: 9 }));
}

/** @see xorrisofs(1), "SOURCE_DATE_EPOCH"; all belongs to root and nothing can be written to (`-r`) */
async function writeIso(
  root: string,
  output: string,
  { timeSeconds, signal }: Packing,
): Promise<void> {
  const names = ['-V', DISK_LABEL, '-p', 'rekmod', '-publisher', 'rekmod'];
  await runProgram(['xorriso', '-as', 'mkisofs', '-quiet', ...names, '-r', '-o', output, root], {
    // The names of days are local ones in this format.
    env: { SOURCE_DATE_EPOCH: String(timeSeconds), TZ: 'UTC' },
    timeoutMs: TIMEOUT_MS,
    signal,
  });
}

async function readEntries(root: string): Promise<readonly CpioEntry[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = found.map((entry) => ({ entry, full: join(entry.parentPath, entry.name) }));
  // A directory sorts before what lies in it.
  paths.sort((one, other) => (one.full < other.full ? -1 : 1));
  return await Promise.all(
    paths.map(async ({ entry, full }): Promise<CpioEntry> => {
      const path = relative(root, full);
      if (entry.isDirectory()) return { kind: 'directory', path };
      if (entry.isSymbolicLink()) return { kind: 'link', path, target: await readlink(full) };
      return { kind: 'file', path, bytes: await readFile(full) };
    }),
  );
}
