import assert from 'node:assert/strict';
import test from 'node:test';
import { hostileVariants } from '../kabi/hostile.ts';

/** A parser with a real input that it reads. */
export interface ParsedInput {
  /** E.g. `parseSymvers()`. */
  readonly parser: string;
  /** E.g. `Module.symvers`. */
  readonly input: string;
  readonly bytes: Uint8Array;
  /** Throws, or rejects, if it refuses. What it returns must not be kept. */
  readonly parse: (bytes: Uint8Array) => unknown;
  readonly errorClass: new (...args: never[]) => Error;
  /** About how many variants the quick run takes: where there are more, every n-th. */
  readonly quickCount: number;
}

interface Tally {
  variantCount: number;
  refusedCount: number;
  slowestMs: number;
  peakHeapBytes: number;
}

/** Set by `npm run property`: nothing is left out. */
const takesAll = process.env.REKMOD_EVERY === '1';
const RANDOM_COUNT = 1000;
const MEGABYTE = 1024 * 1024;
/**
 * How much the process may grow over all inputs of one test file. Most of it is garbage that V8 has
 * not collected yet; a parser that believes an announced size, or keeps what it reads, goes beyond.
 */
const GROWTH_LIMIT_BYTES = 160 * MEGABYTE;
/** Inputs and parsers are loaded when the first test is declared. */
const atFirst = process.memoryUsage();

/**
 * Declares the test that a parser reads every prefix, every copy with one bit flipped and some with up
 * to four flipped bits, or refuses them with its own error, within bounded memory.
 */
export function testEveryVariant(subject: ParsedInput): void {
  const step = takesAll ? 1 : stepFor(subject);
  const which = step === 1 ? 'every prefix and bit flip' : `one in ${step} prefixes and bit flips`;
  test(`${subject.parser} reads or refuses ${which} of ${subject.input}`, async (context) => {
    await subject.parse(subject.bytes);

    const tally = await tryVariants(subject, step);

    const peakBytes = process.resourceUsage().maxRSS * 1024;
    const grown = [tally.peakHeapBytes - atFirst.heapUsed, peakBytes - atFirst.rss];
    const [heapMb, processMb] = grown.map((bytes) => Math.round(bytes / MEGABYTE));
    const { variantCount, refusedCount, slowestMs } = tally;
    context.diagnostic(
      `${variantCount} variants, ${refusedCount} refused, slowest ${slowestMs.toFixed(1)} ms; grown by ${heapMb} MB heap, ${processMb} MB process`,
    );
    assert.ok(refusedCount > 0, 'some variants are refused');
    assert.ok(peakBytes - atFirst.rss < GROWTH_LIMIT_BYTES, `grown by ${processMb} MB`);
  });
}

async function tryVariants(subject: ParsedInput, step: number): Promise<Tally> {
  const tally: Tally = { variantCount: 0, refusedCount: 0, slowestMs: 0, peakHeapBytes: 0 };
  for (const variant of everyVariant(subject.bytes, step))
    await tryVariant(subject, variant, tally);
  const random = { flipCount: RANDOM_COUNT, prefixStep: subject.bytes.length };
  for (const variant of hostileVariants(subject.bytes, random)) {
    await tryVariant(subject, variant, tally);
  }
  return tally;
}

/** An odd step, so that it meets all bits of a byte in turn. */
function stepFor({ bytes, quickCount }: ParsedInput): number {
  const step = Math.ceil((bytes.length * 9) / quickCount);
  return step + ((step + 1) % 2);
}

/** Prefixes first, then flips of single bits; one array serves all flips. */
function* everyVariant(bytes: Uint8Array, step: number): Generator<Uint8Array> {
  const copy = Uint8Array.from(bytes);
  for (let index = 0; index < bytes.length * 9; index += step) {
    if (index < bytes.length) {
      yield bytes.subarray(0, index);
      continue;
    }
    const bit = index - bytes.length;
    const at = bit >>> 3;
    const original = copy[at] ?? 0;
    copy[at] = original ^ (1 << (bit & 7));
    yield copy;
    copy[at] = original;
  }
}

async function tryVariant(subject: ParsedInput, variant: Uint8Array, tally: Tally): Promise<void> {
  const startedAt = performance.now();
  try {
    const result = subject.parse(variant);
    if (result instanceof Promise) await result;
  } catch (error) {
    assert.ok(error instanceof subject.errorClass, describe(error));
    tally.refusedCount += 1;
  }
  tally.slowestMs = Math.max(tally.slowestMs, performance.now() - startedAt);
  tally.variantCount += 1;
  if (tally.variantCount % 256 === 0) {
    tally.peakHeapBytes = Math.max(tally.peakHeapBytes, process.memoryUsage().heapUsed);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.stack}` : String(error);
}
