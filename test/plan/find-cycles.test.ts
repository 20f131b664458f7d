import assert from 'node:assert/strict';
import test from 'node:test';
import { findCycles } from '../../plan/find-cycles.ts';
import { orderWaves } from '../../plan/waves.ts';
import { seededRandom } from '../kabi/hostile.ts';

function cyclesOf(
  needs: Readonly<Record<string, readonly string[]>>,
): Record<string, readonly string[]> {
  return Object.fromEntries(findCycles(new Map(Object.entries(needs))));
}

test('findCycles() finds the way by which a kmod needs itself', () => {
  const cycle = ['a', 'b', 'c', 'a'];

  assert.deepEqual(cyclesOf({ b: ['c'], c: ['a'], a: ['b'], user: ['a'], free: [] }), {
    a: cycle,
    b: cycle,
    c: cycle,
  });
});

test('findCycles() takes the shortest way', () => {
  assert.deepEqual(cyclesOf({ a: ['b', 'c'], b: ['c'], c: ['a'] }), {
    a: ['a', 'c', 'a'],
    b: ['a', 'b', 'c', 'a'],
    c: ['a', 'c', 'a'],
  });
});

test('findCycles() finds a kmod that needs itself at once', () => {
  assert.deepEqual(cyclesOf({ a: ['a'] }), { a: ['a', 'a'] });
});

test('findCycles() finds none where all can be ordered, nor among names that are not there', () => {
  assert.deepEqual(cyclesOf({ a: ['b', 'gone'], b: ['c'], c: [], d: ['a', 'c'] }), {});
});

test('findCycles() leaves, without the members of cycles, what orderWaves() can order', () => {
  const random = seededRandom(20261124);
  let cycleCount = 0;
  for (let run = 0; run < 2000; run += 1) {
    const names = Array.from({ length: random(8) }, (_, index) => `k${index}`);
    const needs = new Map(names.map((name) => [name, names.filter(() => random(5) === 0)]));

    const cycles = findCycles(needs);

    for (const [kmod, cycle] of cycles) {
      assert.ok(cycle.includes(kmod));
      assert.equal(cycle[0], cycle.at(-1));
      for (const [index, name] of cycle.slice(0, -1).entries()) {
        assert.ok(needs.get(name)?.includes(cycle[index + 1] ?? ''), `${cycle} in run ${run}`);
      }
    }
    const rest = new Map([...needs].filter(([kmod]) => !cycles.has(kmod)));
    assert.equal(orderWaves(rest).size, rest.size);
    cycleCount += cycles.size;
  }
  assert.ok(cycleCount > 500, 'the needs are too simple');
});
