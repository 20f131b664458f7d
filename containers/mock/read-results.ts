import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const TAIL_BYTES = 256 * 1024;
const LOCK_BYTES = 32 * 1024 * 1024;

/** What the plugin buildroot_lock writes before rpmbuild starts, as far as it is used here. */
const BuildrootLock = z.object({
  buildroot: z.object({
    rpms: z.array(z.object({ name: z.string(), version: z.string(), release: z.string() })),
  }),
});

/** A package that a root held when its build began. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly release: string;
}

/**
 * Reads which packages of a name a build's root held.
 *
 * @returns `undefined` when mock did not tell.
 * @see mock 6.7 plugins/buildroot_lock.py
 */
export async function readLockedPackages(
  results: string,
  name: string,
): Promise<readonly LockedPackage[] | undefined> {
  const path = join(results, 'buildroot_lock.json');
  try {
    if ((await stat(path)).size > LOCK_BYTES) return undefined;
    const { buildroot } = BuildrootLock.parse(JSON.parse(await readFile(path, 'utf8')));
    return buildroot.rpms.filter((rpm) => rpm.name === name);
  } catch {
    return undefined;
  }
}

/** Reads the end of a log; empty when there is none. */
export async function readLogTail(results: string, name: string): Promise<string> {
  const file = await open(join(results, name), 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await file.close();
  }
}

/** Splits a log of mock's into lines, without the level and place that mock puts before each. */
export function toPlainLines(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^(?:DEBUG|INFO|WARNING|ERROR) [\w.]+\.py:\d+:\s*/, ''))
    .filter((line) => line.trim() !== '');
}
