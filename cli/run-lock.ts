import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readIfExists } from '../activities/atomic-file.ts';
import { RekmodError } from '../model/errors.ts';

/** Another `rekmod up` serves the same data directory. */
export class AlreadyRunningError extends RekmodError {
  readonly failureClass = 'configuration';
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(
      `Cannot use the data of "${dirname(dirname(path))}": process ${pid} is using it already; end it first, or set REKMOD_HOME to another directory`,
    );
    this.pid = pid;
  }
}

/** A takeover takes milliseconds; one that takes longer was killed. */
const TAKEOVER_LIMIT_MS = 5000;
const TAKEOVER_RETRY_MS = 5;

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessMark {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat`: clock ticks after boot. */
  readonly startTicks: string;
}

/** Tells whether a process is still the one that was marked. */
export async function isAlive(mark: ProcessMark): Promise<boolean> {
  return (await markProcess(mark.pid))?.startTicks === mark.startTicks;
}

/** Marks a running process; undefined when there is none of that number. @see proc(5) */
export async function markProcess(pid: number): Promise<ProcessMark | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The second field is the program's name in parentheses and may hold anything, blanks too.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTicks = fields?.[19];
  return startTicks === undefined || fields?.[0] === 'Z' ? undefined : { pid, startTicks };
}

/**
 * Takes a lock for this process; a lock whose process is gone, however it ended, is taken over.
 *
 * @returns A function that gives it back.
 * @throws {AlreadyRunningError} If its holder is alive.
 */
export async function takeRunLock(path: string): Promise<() => Promise<void>> {
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, JSON.stringify(await markProcess(process.pid)));
  try {
    while (!(await linkIfFree(own, path))) await removeIfStale(path);
    return () => rm(path, { force: true });
  } finally {
    await rm(own, { force: true });
  }
}

/** Gives a file a second name, in one step: nobody ever sees a lock without its mark. */
async function linkIfFree(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

async function removeIfStale(path: string): Promise<void> {
  if (!(await isStale(path))) return;
  // One at a time: of several that found it stale, the second would remove the lock of the first.
  const guard = `${path}.takeover`;
  if (!(await makeGuard(guard))) {
    await delay(TAKEOVER_RETRY_MS);
    return;
  }
  try {
    if (await isStale(path)) await rm(path, { force: true });
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}

/**
 * @returns False when there is no lock any more.
 * @throws {AlreadyRunningError} If its holder is alive.
 */
async function isStale(path: string): Promise<boolean> {
  const text = await readIfExists(path);
  if (text === undefined) return false;
  const holder = parseMark(text);
  if (holder && (await isAlive(holder))) throw new AlreadyRunningError(path, holder.pid);
  return true;
}

/** Makes a directory that only one can have; one that was left by a crash is removed for the next try. */
async function makeGuard(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (!isTaken(error)) throw error;
    const found = await stat(path).catch(() => undefined);
    const isOld = found !== undefined && Date.now() - found.mtimeMs > TAKEOVER_LIMIT_MS;
    if (isOld) await rm(path, { recursive: true, force: true });
    return false;
  }
}

/** Reads a mark that was written as JSON; undefined for anything else. */
export function parseMark(text: string): ProcessMark | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const pid = 'pid' in value ? value.pid : undefined;
    const startTicks = 'startTicks' in value ? value.startTicks : undefined;
    return typeof pid === 'number' && typeof startTicks === 'string'
      ? { pid, startTicks }
      : undefined;
  } catch {
    return undefined;
  }
}
