import assert from 'node:assert/strict';
import test from 'node:test';
import { findFit } from '../../kabi/fit.ts';
import { findProblems } from '../../kabi/resolve.ts';
import type { ModuleFacts } from '../../model/kabi.ts';
import { type Crcs, moduleOf, symversOf } from '../support/plan-facts.ts';
import { seededRandom } from './hostile.ts';

interface Build {
  readonly name: string;
  readonly modules: readonly ModuleFacts[];
}

const KERNEL = symversOf({ printk: 1, kfree: 2 });

function build(name: string, imports: Crcs, exports: Crcs = {}): Build {
  return { name, modules: [moduleOf(name, { imports, exports })] };
}

function fit(candidates: Readonly<Record<string, readonly Build[]>>, kernel = KERNEL): string[] {
  const list = Object.entries(candidates).map(([kmod, builds]) => ({ kmod, builds }));
  const { accepted } = findFit(list, kernel);
  return [...accepted].map(([kmod, { name }]) => `${kmod}: ${name}`).sort();
}

test('findFit() takes the preferred build of each kmod that fits', () => {
  const old = build('old', { printk: 1 });
  const changed = build('changed', { printk: 9 });

  assert.deepEqual(fit({ a: [changed, old], b: [old, changed], c: [changed] }), [
    'a: old',
    'b: old',
  ]);
});

test('findFit() lets dependants fall with their provider, through several kmods', () => {
  const candidates = {
    c: [build('c', { b_call: 1 })],
    b: [build('b', { a_call: 1 }, { b_call: 1 })],
    a: [build('a', { printk: 9 }, { a_call: 1 })],
    d: [build('d', { kfree: 2 })],
  };

  assert.deepEqual(fit(candidates), ['d: d']);
});

test('findFit() keeps kmods that need each other, and drops them together', () => {
  const pair = (crc: number) => ({
    a: [build('a', { b_call: 1, printk: crc }, { a_call: 1 })],
    b: [build('b', { a_call: 1 }, { b_call: 1 })],
  });

  assert.deepEqual(fit(pair(1)), ['a: a', 'b: b']);
  assert.deepEqual(fit(pair(9)), []);
});

test("findFit() follows a provider to its older build with a dependant's older build", () => {
  const candidates = {
    provider: [
      build('provider 2', { printk: 9 }, { call: 2 }),
      build('provider 1', { printk: 1 }, { call: 1 }),
    ],
    user: [build('user 2', { call: 2 }), build('user 1', { call: 1 })],
  };

  assert.deepEqual(fit(candidates), ['provider: provider 1', 'user: user 1']);
});

test('findFit() takes back what fell against a build that gave way later', () => {
  // "user" is looked at while "provider 2" still stands, which falls with "base".
  const candidates = {
    user: [build('user', { call: 1 })],
    provider: [
      build('provider 2', { base_call: 1 }, { call: 2 }),
      build('provider 1', {}, { call: 1 }),
    ],
    base: [build('base', { printk: 9 }, { base_call: 1 })],
  };

  assert.deepEqual(fit(candidates), ['provider: provider 1', 'user: user']);
});

test('findFit() of single builds is the greatest set in which everybody fits', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round += 1) {
    const builds = Array.from({ length: 6 }, (_, index) => {
      const wanted: [string, number][] = [['printk', random(8) === 0 ? 9 : 1]];
      for (let i = random(3); i > 0; i -= 1) wanted.push([`call${random(6)}`, 1 + random(2)]);
      return build(`k${index}`, Object.fromEntries(wanted), { [`call${index}`]: 1 + random(2) });
    });
    const found = fit(Object.fromEntries(builds.map((one) => [one.name, [one]])));

    assert.deepEqual(
      found,
      largestFit(builds).map(({ name }) => `${name}: ${name}`),
    );
  }
});

/** Tries all subsets; the union of two fitting ones fits as well, so the largest is unique. */
function largestFit(builds: readonly Build[]): readonly Build[] {
  let largest: readonly Build[] = [];
  for (let mask = 0; mask < 2 ** builds.length; mask += 1) {
    const subset = builds.filter((_, index) => Math.floor(mask / 2 ** index) % 2 === 1);
    const providers = new Map<string, number[]>();
    for (const { symbol, crc } of subset.flatMap(({ modules }) => modules[0]?.exports ?? [])) {
      providers.set(symbol, [...(providers.get(symbol) ?? []), crc]);
    }
    const fits = subset.every(
      ({ modules }) => findProblems({ modules, kernel: KERNEL, providers }).length === 0,
    );
    if (fits && subset.length > largest.length) largest = subset;
  }
  return largest;
}
