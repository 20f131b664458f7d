import { requireNamed } from '../activities/require-named.ts';
import type { Settings } from '../model/settings.ts';
import type { StatusReport, StreamStatus } from '../model/status.ts';

/**
 * The streams of a report that a command is about: all, or the named one.
 *
 * @throws {NotFoundError} If no such stream is configured; it says what was probably meant.
 */
export function chooseStreams(
  report: StatusReport,
  settings: Settings,
  name: string | undefined,
): readonly StreamStatus[] {
  if (name === undefined) return report.streams;
  requireNamed(settings.streams, 'show', 'stream', name);
  return report.streams.filter((stream) => stream.name === name);
}
