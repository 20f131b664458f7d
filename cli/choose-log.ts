import { LogWordError } from '../model/command-errors.ts';
import type { LogLevel, LogSettings } from '../model/settings.ts';

const FORMATS = ['text', 'json'] as const satisfies readonly LogSettings['format'][];
const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly LogLevel[];

/**
 * Changes the configured log by `REKMOD_LOG`: a format, a level, or both with a comma, e.g. `json,debug`.
 *
 * @throws {LogWordError} If it says something else.
 */
export function chooseLog(configured: LogSettings, variable: string | undefined): LogSettings {
  let chosen = configured;
  for (const word of (variable ?? '').split(',').map((part) => part.trim())) {
    if (word === '') continue;
    const format = FORMATS.find((known) => known === word);
    const level = LEVELS.find((known) => known === word);
    if (format === undefined && level === undefined) throw new LogWordError(word);
    chosen = { ...chosen, ...(format ? { format } : {}), ...(level ? { level } : {}) };
  }
  return chosen;
}
