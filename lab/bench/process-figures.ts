import { readdir, readFile } from 'node:fs/promises';

/** CPU seconds that a process has used, and those of the children it has waited for. */
export interface CpuSeconds {
  readonly own: number;
  readonly children: number;
}

const TICKS_PER_SECOND = 100;

/** @see proc_pid_stat(5), utime to cstime */
export async function readCpu(pid: number): Promise<CpuSeconds> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return {
    own: (utime + stime) / TICKS_PER_SECOND,
    children: (cutime + cstime) / TICKS_PER_SECOND,
  };
}

/** Megabytes of 1024 × 1024 bytes: now (`VmRSS`) or at most (`VmHWM`). */
export async function readRssMegabytes(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

/** Finds the child of a process whose command line has a word; undefined if there is none. */
export async function findChild(parent: number, word: string): Promise<number | undefined> {
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue;
    const [stat, line] = await Promise.all(
      ['stat', 'cmdline'].map((file) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '')),
    );
    const [, ppid] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    if (Number(ppid) === parent && line?.split('\0').includes(word)) return Number(name);
  }
  return undefined;
}
