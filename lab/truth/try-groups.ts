import type { BootEnd, BootReport, GroupLoad } from '../../model/load-test.ts';

/** What became of a group. */
export interface GroupResult {
  readonly load: GroupLoad;
  /** How the boot ended, if it ended in this group. */
  readonly end?: Exclude<BootEnd, { readonly kind: 'completed' }>;
}

/**
 * Boots until every group has an answer: one that takes the kernel down is tried again alone, and those
 * after it in another boot.
 *
 * @param bootGroups One boot with these groups, in order.
 * @returns In the order of the groups.
 * @throws {Error} If a kernel does not boot at all.
 */
export async function tryGroups<Group extends { readonly name: string }>(
  groups: readonly Group[],
  bootGroups: (groups: readonly Group[]) => Promise<BootReport>,
): Promise<readonly GroupResult[]> {
  const results: GroupResult[] = [];
  while (results.length < groups.length) {
    const waiting = groups.slice(results.length);
    const { end, groups: loads } = await bootGroups(waiting);
    const fatal = findFatal(end, waiting);
    results.push(...loads.slice(0, fatal).map((load) => ({ load })));
    const culprit = waiting[fatal];
    if (culprit) results.push(await tryAlone(culprit, bootGroups));
  }
  return results;
}

async function tryAlone<Group extends { readonly name: string }>(
  group: Group,
  bootGroups: (groups: readonly Group[]) => Promise<BootReport>,
): Promise<GroupResult> {
  const { end, groups } = await bootGroups([group]);
  const [load] = groups;
  if (!load) throw new Error(`BUG: the boot told nothing of ${group.name}`);
  return end.kind === 'completed' ? { load } : { load, end };
}

/** Index of the group in which the boot ended; their number if it ended well. */
function findFatal(end: BootEnd, groups: readonly { readonly name: string }[]): number {
  if (end.kind === 'completed') return groups.length;
  if (end.kind === 'no-boot') {
    throw new Error(`Cannot boot a kernel: expected its init to speak, found ${end.detail}`);
  }
  const index = groups.findIndex(({ name }) => name === end.during.group);
  // Behind the last group: what it left in the kernel is what ended it.
  return index === -1 ? groups.length - 1 : index;
}
