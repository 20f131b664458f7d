import type { RemovalReason, SnapshotCause, SnapshotRecord } from '../model/snapshot.ts';
import { cleanText } from './clean-text.ts';
import { formatCount, formatMoment } from './format-values.ts';
import { fit, paint, type TerminalStyle, wrap } from './terminal-text.ts';

/** A snapshot that is there. */
export interface ListedSnapshot {
  readonly snapshot: string;
  readonly isServed: boolean;
  /** Absent of one that an earlier version wrote. */
  readonly record?: SnapshotRecord;
}

/** What a repository serves and can go back to. */
export interface RepositorySnapshots {
  readonly repository: string;
  /** Oldest first. */
  readonly snapshots: readonly ListedSnapshot[];
  /** Packages that a rollback took away. */
  readonly withheld: readonly {
    readonly fileName: string;
    readonly by: string;
    readonly why: string;
    readonly since: string;
  }[];
}

const SHOWN_NAMES = 6;
const GAP = '  ';

const REMOVAL_WORDS: Readonly<Record<RemovalReason, string>> = {
  superseded: 'newer builds are there',
  'kernel-gone': 'its kernel is gone',
  'rolled-back': 'rolled back',
  'not-in-view': 'not listed any more',
};

/** Writes a repository's snapshots for a terminal, the newest first, each with what it changed and why. */
export function snapshotsToText(
  { repository, snapshots, withheld }: RepositorySnapshots,
  style: TerminalStyle,
): string {
  const title = `${cleanText(repository)}: ${formatCount(snapshots.length, 'snapshot')}`;
  const lines = [paint(title, 'strong', style.color)];
  for (const one of snapshots.toReversed()) lines.push(...writeSnapshot(one, style));
  if (withheld.length > 0) lines.push('withheld, until a build with a higher number comes:');
  for (const { fileName, by, why, since } of withheld) {
    const text = `${cleanText(fileName)} (by ${cleanText(by)}, ${formatMoment(since)}: ${cleanText(why)})`;
    lines.push(...wrap(text, style.columns - GAP.length).map((line) => GAP + line));
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** Why a snapshot was written, e.g. `rolled back to 000006 by ann: oops in jool`. */
export function describeSnapshotCause(cause: SnapshotCause): string {
  switch (cause.kind) {
    case 'published':
      return 'published';
    case 'tidied':
      return 'tidied';
    case 'rolled-back':
      return `rolled back to ${cause.to} by ${cleanText(cause.by)}: ${cleanText(cause.why)}`;
    case 'view':
      return cleanText(cause.sentence);
  }
}

function writeSnapshot(
  { snapshot, isServed, record }: ListedSnapshot,
  { color, columns }: TerminalStyle,
): readonly string[] {
  const mark = isServed ? paint('served', 'good', color) : fit('', 'served'.length);
  if (!record) return [`${snapshot}${GAP}${mark}${GAP}written by an earlier version`];
  const count = formatCount(record.packageCount, 'package').padStart(12);
  const head = [snapshot, mark, formatMoment(record.writtenAt), count].join(GAP);
  const cause = describeSnapshotCause(record.cause);
  const unchecked = record.checkedBy.includes('dnf') ? [] : ['not read by dnf, which is not there'];
  const details = [...describeChanges(record), ...unchecked];
  return [
    `${head}${GAP}${cause}`,
    ...details.flatMap((line) => wrap(line, columns - 8).map((part) => ' '.repeat(8) + part)),
  ];
}

function describeChanges({ added, removed }: SnapshotRecord): readonly string[] {
  const reasons = [...new Set(removed.map(({ why }) => why))].sort();
  const gone = reasons.map((why) => {
    const names = removed.filter((one) => one.why === why).map(({ fileName }) => fileName);
    return `- ${listNames(names)} (${REMOVAL_WORDS[why]})`;
  });
  return [...(added.length === 0 ? [] : [`+ ${listNames(added)}`]), ...gone];
}

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN_NAMES).map((name) => cleanText(name));
  const rest = names.length - shown.length;
  return rest === 0 ? shown.join(', ') : `${shown.join(', ')} and ${rest} more`;
}
