/** Draws that are the same whenever the seed is. */
export interface Draws {
  /** A whole number from 0 to one less than the count. */
  below(count: number): number;
  /** Whether something happens that does so in this share of all cases, e.g. 0.25. */
  happens(share: number): boolean;
  /** One of a list. @throws {Error} If it is empty. */
  oneOf<T>(list: readonly T[]): T;
  /** The list in another order. */
  shuffle<T>(list: readonly T[]): readonly T[];
}

const STATES = 2 ** 32;

/** Begins a row of draws; mulberry32, which is small and good enough for a lab. */
export function startDraws(seed: number): Draws {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / STATES;
  }
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    happens: (share) => next() < share,
    oneOf(list) {
      const [chosen] = list.slice(below(list.length));
      if (chosen === undefined) throw new Error('BUG: a draw from nothing');
      return chosen;
    },
    shuffle(list) {
      const keyed = list.map((value) => ({ value, key: next() }));
      return keyed.sort((one, other) => one.key - other.key).map(({ value }) => value);
    },
  };
}
