import type { ChildProcess } from 'node:child_process';

/**
 * Ends a process that this one started, and waits until it has: SIGTERM, then SIGKILL when it takes
 * longer than it may. One that has ended already is left alone.
 */
export async function endChild(child: ChildProcess, stopTimeoutMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}
