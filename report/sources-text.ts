import type { SourcesStatus } from '../model/status.ts';
import { cleanText } from './clean-text.ts';
import { describeSourceAlarms } from './describe-watch.ts';
import { formatSeconds } from './format-values.ts';
import { paint, type TerminalStyle, wrap } from './terminal-text.ts';

const MAX_SENTENCE_LENGTH = 400;

/** Writes for a terminal how the watch of the kmods' sources stands: a line, and what is wrong with it. */
export function sourcesToText(sources: SourcesStatus, { color, columns }: TerminalStyle): string {
  const { lastLook } = sources;
  const look =
    lastLook === undefined
      ? 'never looked at'
      : `looked at ${formatSeconds(lastLook.ageSeconds)} ago: ${cleanText(lastLook.message, 80)}`;
  const alarms = describeSourceAlarms(sources).flatMap((line) =>
    wrap(cleanText(line, MAX_SENTENCE_LENGTH), Math.max(40, columns)),
  );
  return [
    `${paint('Sources of the kmods', 'strong', color)}  ${paint(look, 'muted', color)}`,
    ...alarms.map((line) => paint(line, 'bad', color)),
    '',
  ].join('\n');
}
