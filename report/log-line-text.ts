import type { LogLine } from '../model/log-line.ts';

/** Writes a line of the log as one JSON object: `at`, `level`, `message`, then what it is about. */
export function logLineToJson({ at, level, message, fields }: LogLine): string {
  return JSON.stringify({ at, level, message, ...fields });
}

/** Writes a line of the log for people, e.g. `warn Activity failed (jool 6.1.0-55-amd64, buildPackages, attempt 2)`. */
export function logLineToText({ level, message, fields }: LogLine): string {
  const { kmod, kernel, stream, activity, attempt, workflowId, error } = fields;
  const subject = [kmod, kernel ?? stream].filter((part) => part !== undefined).join(' ');
  const parts = [
    subject === '' ? workflowId : subject,
    activity,
    attempt === undefined || attempt === 1 ? undefined : `attempt ${attempt}`,
  ].filter((part) => part !== undefined);
  const mark = level === 'info' ? '' : `${level} `;
  const about = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `${mark}${message}${about}${error === undefined ? '' : `\n  ${error}`}`;
}
