import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A process of this machine. */
export interface RunningProcess {
  readonly pid: number;
  readonly parent: number;
  /** Its arguments with spaces between; empty of a thread of the kernel. */
  readonly command: string;
}

/** Lists the processes that run now. @see proc(5) */
export async function listProcesses(): Promise<readonly RunningProcess[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map((name) => readProcess(Number(name))));
  return found.filter((one) => one !== undefined);
}

async function readProcess(pid: number): Promise<RunningProcess | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z') return undefined;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
    return { pid, parent: Number(parent), command };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

/** Those of the processes that began others of them, directly or not, the roots among them. */
export function withDescendants(
  roots: readonly RunningProcess[],
  all: readonly RunningProcess[],
): readonly RunningProcess[] {
  const found = new Map(roots.map((one) => [one.pid, one]));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const one of all) if (found.has(one.parent)) found.set(one.pid, one);
  }
  return [...found.values()];
}

/** Sends a signal; a process that has ended already is fine. @returns Whether it was there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** Waits for something that comes true, looking several times a second. @returns Whether it did in time. */
export async function waitUntil(
  condition: () => Promise<boolean> | boolean,
  timeoutMs: number,
): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await delay(50)) {
    if (await condition()) return true;
  }
  return await condition();
}
