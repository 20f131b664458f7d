import type { Retention } from '../model/settings.ts';

/** The log of one attempt. */
export interface LogFile {
  /** Relative to the data directory, e.g. `logs/el9/5.14.0-611.el9.x86_64/jool/<attempt>.log`. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modifiedAtMs: number;
  readonly sizeBytes: number;
}

/** What logs are judged by. */
export interface LogRules extends Pick<Retention, 'logCount' | 'logAgeMs' | 'logBytes'> {
  readonly nowMs: number;
  /** Paths that stay whatever their age: logs of failures that stand in the records. */
  readonly needed: ReadonlySet<string>;
}

/** A build takes hours at most: its log is still written, or was a moment ago. */
const IN_USE_MS = 24 * 60 * 60_000;

/**
 * Chooses the logs that go: more than so many of one cell, too old, or the oldest of all while they are too large
 * together. A log that is needed or may be in use stays, even if the rest is too large without it.
 *
 * @returns Oldest first.
 */
export function chooseOldLogs(logs: readonly LogFile[], rules: LogRules): readonly LogFile[] {
  const oldestFirst = [...logs].sort((a, b) => a.modifiedAtMs - b.modifiedAtMs);
  const later = new Map<string, number>();
  let sumBytes = 0;
  const old: LogFile[] = [];
  for (const log of oldestFirst.toReversed()) {
    const cell = log.path.slice(0, log.path.lastIndexOf('/'));
    const newerCount = later.get(cell) ?? 0;
    later.set(cell, newerCount + 1);
    const isFree = !rules.needed.has(log.path) && rules.nowMs - log.modifiedAtMs > IN_USE_MS;
    const isOld =
      newerCount >= rules.logCount ||
      rules.nowMs - log.modifiedAtMs > rules.logAgeMs ||
      sumBytes + log.sizeBytes > rules.logBytes;
    if (isFree && isOld) old.unshift(log);
    else sumBytes += log.sizeBytes;
  }
  return old;
}
