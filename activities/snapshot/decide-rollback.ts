import { NotFoundError } from '../../model/activity-errors.ts';
import type { SnapshotRecord } from '../../model/snapshot.ts';
import type { RollbackRequest } from '../../model/workflow-messages.ts';
import { findRollbackTarget, planRollback } from '../../plan/plan-rollback.ts';
import type { RepositoryChange, ServedSnapshot } from './change-repository.ts';
import type { DecisionContext } from './decision-context.ts';
import { listSnapshots, pathOfSnapshot } from './snapshot-place.ts';
import { readSnapshotContent, readSnapshotRecord } from './snapshot-records.ts';

/**
 * Decides what is listed after a rollback.
 *
 * @returns Undefined if this very request was fulfilled already, by an attempt that could not say so.
 * @throws {NotFoundError} If there is no such snapshot to go back to.
 */
export async function decideRollback(
  { snapshot, content }: ServedSnapshot,
  request: RollbackRequest,
  { directory, now }: DecisionContext,
): Promise<RepositoryChange | undefined> {
  if (snapshot === undefined) throw refuse(request, 'expected a served snapshot, found none');
  const path = pathOfSnapshot(directory, snapshot);
  const { cause } = (await readSnapshotRecord(path)) ?? { cause: { kind: 'published' } as const };
  if (cause.kind === 'rolled-back' && cause.id === request.id) return undefined;
  const to = chooseTarget(await listSnapshots(directory), { snapshot, cause }, request);
  const target = await readSnapshotContent(pathOfSnapshot(directory, to));
  const { by, why, id } = request;
  const { packages, ...plan } = planRollback(content, target, { since: now, by, why });
  const own = { kind: 'rolled-back', to, by, why, id } as const;
  return { ...plan, cause: own, kept: packages, keptFrom: to, fresh: [] };
}

function chooseTarget(
  snapshots: readonly string[],
  served: Pick<SnapshotRecord, 'snapshot' | 'cause'>,
  request: RollbackRequest,
): string {
  const { snapshot: current } = served;
  const to = request.to ?? findRollbackTarget(snapshots, served);
  if (to === undefined) {
    throw refuse(request, `expected a snapshot to go back to before ${current}, found none`);
  }
  if (to === current) {
    throw refuse(request, `expected another snapshot than the served one, found ${current}`);
  }
  if (snapshots.includes(to)) return to;
  const known = snapshots.filter((one) => one !== current).join(', ') || 'none';
  throw refuse(request, `expected one of its snapshots (${known}), found "${to}"`);
}

function refuse({ repository }: RollbackRequest, detail: string): NotFoundError {
  return new NotFoundError('roll back', repository, detail);
}
