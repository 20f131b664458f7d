import type { LogFields } from '../model/log-line.ts';
import type { LogLevel, LogSettings } from '../model/settings.ts';
import { logLineToJson, logLineToText } from '../report/log-line-text.ts';

/** Where a process that stays says what it does. */
export interface Log {
  readonly level: LogLevel;
  /** Says what a person may want to know. */
  readonly say: (line: string) => void;
  /** Says what somebody should look at. */
  readonly warn: (line: string) => void;
  readonly write: (level: LogLevel, message: string, fields: LogFields) => void;
}

const GRAVITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * Opens the log of a process.
 *
 * @param write Takes a line without its end.
 */
export function openLog(
  { format, level: least }: LogSettings,
  { write, now }: { readonly write: (line: string) => void; readonly now: () => Date },
): Log {
  function tell(level: LogLevel, message: string, fields: LogFields): void {
    if (GRAVITY[level] < GRAVITY[least]) return;
    const line = { at: now().toISOString(), level, message, fields };
    write(format === 'json' ? logLineToJson(line) : logLineToText(line));
  }
  return {
    level: least,
    say: (line) => tell('info', line, {}),
    warn: (line) => tell('warn', line, {}),
    write: tell,
  };
}
