import assert from 'node:assert/strict';
import test from 'node:test';
import { orderWaves } from '../../plan/waves.ts';

function order(needs: Readonly<Record<string, readonly string[]>>): Record<string, number> {
  return Object.fromEntries(orderWaves(new Map(Object.entries(needs))));
}

test('orderWaves() puts each after all that it needs', () => {
  assert.deepEqual(order({ d: ['b', 'c'], c: ['b'], b: ['a'], a: [], e: [] }), {
    a: 0,
    e: 0,
    b: 1,
    c: 2,
    d: 3,
  });
});

test('orderWaves() ignores needs that nobody can satisfy', () => {
  assert.deepEqual(order({ a: ['gone'] }), { a: 0 });
});

test('orderWaves() does not take cycles, which must be taken out before', () => {
  assert.throws(() => order({ a: ['b'], b: ['a'] }), /BUG: a, b cannot be ordered/);
});

test('orderWaves() orders nothing', () => {
  assert.deepEqual(order({}), {});
});
