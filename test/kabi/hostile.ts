import assert from 'node:assert/strict';

/** A seeded generator of numbers from 0 up to, not including, `limit` (mulberry32). */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Gives every prefix of a file, and copies of it with one to four bits flipped. */
export function* hostileVariants(
  bytes: Uint8Array,
  { flipCount, prefixStep = 1 }: { readonly flipCount: number; readonly prefixStep?: number },
): Generator<Uint8Array> {
  for (let end = 0; end < bytes.length; end += prefixStep) yield bytes.subarray(0, end);
  const random = seededRandom(bytes.length);
  for (let i = 0; i < flipCount; i += 1) {
    const copy = Uint8Array.from(bytes);
    for (let flips = 1 + random(4); flips > 0; flips -= 1) {
      const at = random(copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8));
    }
    yield copy;
  }
}

/** Runs a parser that may succeed, or throw its own error and nothing else. */
export function assertParsesOrThrows(
  parse: () => unknown,
  errorClass: new (...args: never[]) => Error,
): void {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof errorClass, error instanceof Error ? error.stack : String(error));
  }
}

/** The text of bytes, one character a byte, as any file can be read. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
