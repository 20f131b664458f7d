import type {
  ListedPackage,
  RemovalReason,
  SnapshotContent,
  SnapshotRecord,
  WithheldPackage,
} from '../model/snapshot.ts';

/** What is listed after a rollback. */
export interface RollbackPlan {
  readonly packages: readonly ListedPackage[];
  readonly withheld: readonly WithheldPackage[];
  readonly removed: ReadonlyMap<string, RemovalReason>;
}

/**
 * Decides what is listed after going back to an earlier snapshot: exactly what that one listed. What came
 * after it is withheld: no publication brings it back by itself, only a build with a higher number, which
 * has another file name, replaces it. What is listed again is not withheld any more.
 *
 * @param served The content of the snapshot that is served.
 * @param target That of the one to go back to.
 */
export function planRollback(
  served: SnapshotContent,
  target: SnapshotContent,
  reason: Pick<WithheldPackage, 'since' | 'by' | 'why'>,
): RollbackPlan {
  const listed = new Set(target.packages.map(({ fileName }) => fileName));
  const taken = served.packages.filter(({ fileName }) => !listed.has(fileName));
  const { since, by, why } = reason;
  return {
    packages: target.packages,
    withheld: [
      ...served.withheld.filter(({ fileName }) => !listed.has(fileName)),
      ...taken.map((file) => ({ ...file, since, by, why })),
    ],
    removed: new Map(taken.map(({ fileName }) => [fileName, 'rolled-back'])),
  };
}

/**
 * The snapshot that a rollback goes to if nobody says which: the one before the served. Of one that was
 * itself a rollback, the one before what it went to: rolling back twice goes further back, not forth again.
 *
 * @param snapshots Those that are there, oldest first.
 * @returns undefined if there is none.
 */
export function findRollbackTarget(
  snapshots: readonly string[],
  served: Pick<SnapshotRecord, 'snapshot' | 'cause'>,
): string | undefined {
  const { cause, snapshot } = served;
  const from = Number(cause.kind === 'rolled-back' ? cause.to : snapshot);
  return snapshots.findLast((candidate) => Number(candidate) < from);
}
