import type { Keep } from '../model/settings.ts';
import type { SnapshotRecord } from '../model/snapshot.ts';

/**
 * Finds the snapshots that need not be kept: neither the served one, nor one of the newest, nor the last of
 * a day (UTC) that is not too long ago.
 *
 * @param snapshots Oldest first.
 * @param now ISO 8601 in UTC.
 */
export function findExpiredSnapshots(
  snapshots: readonly Pick<SnapshotRecord, 'snapshot' | 'writtenAt'>[],
  { current, keep, now }: ExpiryRule,
): readonly string[] {
  const older = snapshots.slice(0, -keep.snapshotCount);
  return older
    .filter(({ snapshot, writtenAt }, index) => {
      if (snapshot === current) return false;
      const isLastOfDay = dayOf(snapshots[index + 1]?.writtenAt ?? '') !== dayOf(writtenAt);
      return !isLastOfDay || Date.parse(now) - Date.parse(writtenAt) >= keep.historyMs;
    })
    .map(({ snapshot }) => snapshot);
}

/** What decides whether a snapshot is kept. */
export interface ExpiryRule {
  /** The served one. */
  readonly current: string;
  readonly keep: Pick<Keep, 'snapshotCount' | 'historyMs'>;
  readonly now: string;
}

/** E.g. `2026-11-23`. */
function dayOf(moment: string): string {
  return moment.slice(0, 10);
}
