/** Something that nothing referred to at the last look. */
export interface IdleThing {
  /** Changes whenever somebody uses the thing. */
  readonly token: string;
  /** How long the machine ran since it was seen idle first, without a use. */
  readonly idleMs: number;
}

/** What is idle by name. */
export type IdleThings = Readonly<Record<string, IdleThing>>;

/** Which things are idle for long enough to go, and what to remember of the others. */
export interface IdleJudgement {
  readonly ripe: readonly string[];
  readonly idle: IdleThings;
}

/**
 * Judges what may go: what nothing refers to at this look nor at the one before, and what nobody used in
 * between, for as long as the machine ran. The time of day has no say in it, so no clock that jumps makes
 * anything old.
 *
 * @param found What nothing refers to now, with its token.
 * @param elapsedMs How long the machine ran since the look before; zero if nobody knows.
 * @param graceMs Of one thing, by its name.
 */
export function judgeIdle(
  before: IdleThings,
  found: ReadonlyMap<string, string>,
  {
    elapsedMs,
    graceMs,
  }: { readonly elapsedMs: number; readonly graceMs: (name: string) => number },
): IdleJudgement {
  const ripe: string[] = [];
  const idle: Record<string, IdleThing> = {};
  for (const [name, token] of found) {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    const isSame = known?.token === token;
    const idleMs = isSame ? known.idleMs + elapsedMs : 0;
    idle[name] = { token, idleMs };
    if (isSame && idleMs >= graceMs(name)) ripe.push(name);
  }
  return { ripe, idle };
}
