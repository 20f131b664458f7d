import type { Settings } from '../../model/settings.ts';
import { planRetention } from '../../plan/plan-retention.ts';
import { gatherRetention } from '../gather-retention.ts';
import type { RepositoryChange, ServedSnapshot } from './change-repository.ts';
import type { DecisionContext } from './decision-context.ts';
import { isInGrace } from './lingering.ts';

/**
 * Decides what is not listed any more when nothing comes: packages of kernels that are gone for long.
 *
 * @returns Undefined if nothing goes and nothing lingers that nobody may ask for any more.
 */
export async function decideTidying(
  { snapshot, content }: ServedSnapshot,
  { name, settings, records, keep, now }: DecisionContext & { readonly settings: Settings },
): Promise<RepositoryChange | undefined> {
  if (snapshot === undefined) return undefined;
  const { packages, withheld, lingering } = content;
  const facts = await gatherRetention(name, { settings, records });
  const removed = planRetention({ ...facts, packages, keep, now });
  const isStale = Object.values(lingering).some(
    (since) => !isInGrace(since, { now, graceMs: keep.graceMs }),
  );
  if (removed.size === 0 && !isStale) return undefined;
  const kept = packages.filter(({ fileName }) => !removed.has(fileName));
  return { cause: { kind: 'tidied' }, kept, fresh: [], withheld, removed };
}
