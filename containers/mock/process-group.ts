import { readFile } from 'node:fs/promises';

/** How long who got SIGTERM may take; mock ends its children in a tenth of a second. */
const GRACE_MS = 10_000;

/**
 * Ends a program that leads a process group, and all of that group: SIGTERM, then SIGKILL.
 *
 * @param ended Settles when the leader has ended.
 */
export async function endGroup(leader: number, ended: Promise<unknown>): Promise<void> {
  signalGroup(leader, 'SIGTERM');
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<'too long'>((resolve) => {
    timer = setTimeout(() => resolve('too long'), GRACE_MS);
  });
  const settled = ended.then(
    () => 'ended',
    () => 'ended',
  );
  if ((await Promise.race([settled, tooLong])) === 'too long') signalGroup(leader, 'SIGKILL');
  clearTimeout(timer);
  await settled;
  // Whoever of the group outlives its leader has nobody to report to.
  signalGroup(leader, 'SIGKILL');
}

/** Sends a signal to a process group; one that is gone, or of another user's, is left alone. */
export function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/**
 * When a process began, in clock ticks since the machine's start: with it a process id names one
 * process for ever.
 *
 * @returns `undefined` when there is no such process.
 * @see proc_pid_stat(5), field 22
 */
export async function readStartTime(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The program's name stands in brackets and may hold anything.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}
