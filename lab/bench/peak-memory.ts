import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has had, in megabytes of 1024 × 1024 bytes. Not `maxRSS` of
 * getrusage(2), which begins with the memory of the process that forked this one.
 *
 * @see proc_pid_status(5), VmHWM
 */
export function peakMegabytes(): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
