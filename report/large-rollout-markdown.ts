import type { CellEnding } from '../model/workflow-messages.ts';
import { escapeMarkdown } from './escape-markdown.ts';
import { formatCount } from './format-values.ts';
import { cutToBytes } from './text-size.ts';

/** How far a rollout is whose cells are too many to be listed. */
export interface LargeRollout {
  readonly release: string;
  readonly cellCount: number;
  /** By kmod, in the order in which they ended. */
  readonly ended: ReadonlyMap<string, CellEnding>;
  /** Kmods that are at work, in the order in which they began. */
  readonly running: ReadonlySet<string>;
}

const MAX_FAILURES = 40;
const MAX_RUNNING = 20;
const MAX_REASON_LENGTH = 200;
/** Temporal refuses details of more than 20,000 bytes. */
const MAX_BYTES = 16_000;
const FAILED: ReadonlySet<CellEnding['kind']> = new Set([
  'failed',
  'blocked',
  'cancelled',
  'deferred',
]);

/**
 * Shows in the Temporal UI how far a rollout of very many cells is: numbers first, then what failed, then
 * what is at work.
 *
 * @returns At most 16,000 bytes of UTF-8.
 */
export function largeRolloutMarkdown(rollout: LargeRollout): string {
  const { release, cellCount, ended, running } = rollout;
  const counts = new Map<CellEnding['kind'], number>();
  for (const { kind } of ended.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const told = [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const lines = [
    `**${escapeMarkdown(release, 64)}**: ${ended.size} of ${formatCount(cellCount, 'kmod')} have ended${told === '' ? '' : `: ${told}`}.`,
    ...writeFailures(ended),
    ...writeRunning([...running]),
  ];
  return cutToBytes(lines.join('\n'), MAX_BYTES);
}

function writeFailures(ended: LargeRollout['ended']): readonly string[] {
  const failures = [...ended].filter(([, { kind }]) => FAILED.has(kind));
  if (failures.length === 0) return [];
  const hidden = failures.length - MAX_FAILURES;
  return [
    '',
    '| kmod | what happened |',
    '| --- | --- |',
    ...failures.slice(0, MAX_FAILURES).map(([kmod, { kind, reason = '' }]) => {
      const words = reason === '' ? kind : `${kind}: ${reason}`;
      return `| ${escapeMarkdown(kmod, 64)} | ${escapeMarkdown(words, MAX_REASON_LENGTH)} |`;
    }),
    ...(hidden > 0 ? ['', `… and ${formatCount(hidden, 'more kmod')} without success`] : []),
  ];
}

function writeRunning(running: readonly string[]): readonly string[] {
  if (running.length === 0) return [];
  const names = running.slice(0, MAX_RUNNING).map((kmod) => escapeMarkdown(kmod, 64));
  const hidden = running.length - names.length;
  return ['', `At work: ${names.join(', ')}${hidden > 0 ? ` and ${hidden} more` : ''}`];
}
