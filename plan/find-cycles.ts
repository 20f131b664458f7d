/** Kmod → the kmods it needs. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the kmods that need themselves by way of others, so that no order of builds is possible.
 *
 * @returns Kmod → its shortest cycle, which begins and ends with the first name of it in the alphabet:
 *   `['a', 'b', 'a']`. Kmods of no cycle are missing.
 */
export function findCycles(needs: Needs): ReadonlyMap<string, readonly string[]> {
  const cycles = new Map<string, readonly string[]>();
  for (const kmod of [...needs.keys()].sort()) {
    const way = findWayBack(kmod, needs);
    if (way) cycles.set(kmod, beginWithFirst(way));
  }
  return cycles;
}

/** A kmod that is needed, and by whom it was come to. */
interface Step {
  readonly kmod: string;
  readonly by: Step | undefined;
}

/** The shortest way from a kmod to itself, without its end. */
function findWayBack(start: string, needs: Needs): readonly string[] | undefined {
  const seen = new Set<string>();
  const queue: Step[] = [{ kmod: start, by: undefined }];
  for (let step = queue.shift(); step; step = queue.shift()) {
    for (const need of [...(needs.get(step.kmod) ?? [])].sort()) {
      if (need === start) return listWay(step);
      if (seen.has(need)) continue;
      seen.add(need);
      queue.push({ kmod: need, by: step });
    }
  }
  return undefined;
}

function listWay(last: Step): readonly string[] {
  const way: string[] = [];
  for (let step: Step | undefined = last; step; step = step.by) way.unshift(step.kmod);
  return way;
}

function beginWithFirst(way: readonly string[]): readonly string[] {
  const first = [...way].sort()[0] ?? '';
  const at = way.indexOf(first);
  return [...way.slice(at), ...way.slice(0, at), first];
}
