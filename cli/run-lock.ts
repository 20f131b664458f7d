import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
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
  const own = await markProcess(process.pid);
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(JSON.stringify(own));
      await file.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      await removeIfStale(path);
    }
  }
  throw new Error(`BUG: lock "${path}" is stale and stays`);
}

async function removeIfStale(path: string): Promise<void> {
  const holder = parseMark(await readFile(path, 'utf8').catch(() => ''));
  if (holder && (await isAlive(holder))) throw new AlreadyRunningError(path, holder.pid);
  // Renamed first: of two that find it stale, one succeeds.
  await rename(path, `${path}.stale`).catch(() => undefined);
  await rm(`${path}.stale`, { force: true });
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
