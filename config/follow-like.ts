/** Entries by name, of the user's file or shipped; a null entry is an empty one. */
export type Entries<Entry> = ReadonlyMap<string, Entry | null>;

/** Where an entry's values come from: its own first, then what it is like, and so on. */
export type Ancestry<Entry> =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'unknown'; readonly name: string }
  | { readonly kind: 'circle'; readonly names: readonly string[] };

/**
 * Follows `like:` from an entry to the last one that is like nothing.
 *
 * An entry that says nothing of `like:` is like the shipped one of its own name, if there is one.
 * What is named is looked for in the user's file first, so an overridden definition stays overridden
 * for those that are like it.
 */
export function followLike<Entry extends { readonly like?: string | undefined }>(
  name: string,
  own: Entries<Entry>,
  shipped: Entries<Entry>,
): Ancestry<Entry> {
  const entries: Entry[] = [];
  const seen: Step[] = [];
  let step: Step | undefined = { level: own.has(name) ? 'own' : 'shipped', name };
  while (step !== undefined) {
    const current: Step = step;
    if (seen.some((past) => past.level === current.level && past.name === current.name)) {
      return { kind: 'circle', names: [...seen, current].map((past) => past.name) };
    }
    seen.push(current);
    const level: Entries<Entry> = current.level === 'own' ? own : shipped;
    const found: Entry | null | undefined = level.get(current.name);
    if (found === undefined) return { kind: 'unknown', name: current.name };
    if (found !== null) entries.push(found);
    step = findNextStep(current, found?.like, { own, shipped });
  }
  return { kind: 'found', entries };
}

interface Step {
  readonly level: 'own' | 'shipped';
  readonly name: string;
}

function findNextStep<Entry>(
  { level, name }: Step,
  like: string | undefined,
  { own, shipped }: { readonly own: Entries<Entry>; readonly shipped: Entries<Entry> },
): Step | undefined {
  if (like === undefined) {
    return level === 'own' && shipped.has(name) ? { level: 'shipped', name } : undefined;
  }
  const isOwn = level === 'own' && like !== name && (own.has(like) || !shipped.has(like));
  return { level: isOwn ? 'own' : 'shipped', name: like };
}

/** The first value that is there, nearest entry first. */
export function inherit<Entry, Value>(
  entries: readonly Entry[],
  pick: (entry: Entry) => Value | undefined,
): Value | undefined {
  for (const entry of entries) {
    const value = pick(entry);
    if (value !== undefined) return value;
  }
  return undefined;
}
