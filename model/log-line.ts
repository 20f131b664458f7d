import type { CellKey } from './cell.ts';
import type { LogLevel } from './settings.ts';

/**
 * What a line of the log is about, e.g. `{ workflowId: 'rebuild/jool/el9/5.14.0-611.el9.x86_64', activity: 'signModules',
 * attempt: 2, kmod: 'jool', stream: 'el9', kernel: '5.14.0-611.el9.x86_64' }`.
 */
export interface LogFields extends Partial<Pick<CellKey, 'kmod' | 'stream'>> {
  readonly workflowId?: string;
  readonly runId?: string;
  readonly activity?: string;
  /** From 1. */
  readonly attempt?: number;
  readonly taskQueue?: string;
  /** As `uname -r` says it. */
  readonly kernel?: string;
  readonly repository?: string;
  /** Of a cell that ended. */
  readonly outcome?: string;
  /** What went wrong, with its stack where there is one. */
  readonly error?: string;
}

/** One line of the log. */
export interface LogLine {
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}
