import assert from 'node:assert/strict';
import test from 'node:test';
import type { Verdict } from '../../model/verdict.ts';
import { blockCycles } from '../../plan/block-cells.ts';

const BUILD: Verdict = { kind: 'rebuild', why: 'never-built' };
const KEEP: Verdict = { kind: 'keep', why: 'built-for-this-kernel' };

function block(
  verdicts: Readonly<Record<string, Verdict>>,
  needs: Readonly<Record<string, readonly string[]>>,
): Record<string, Verdict> {
  const map = new Map(Object.entries(verdicts));
  return Object.fromEntries(blockCycles(map, new Map(Object.entries(needs))));
}

test('blockCycles() blocks the members of a cycle with its path, their users, and nobody else', () => {
  const verdicts = { a: BUILD, b: BUILD, user: BUILD, below: BUILD, other: BUILD };
  const needs = { a: ['b', 'below'], b: ['a'], user: ['b'], below: [], other: ['below'] };
  const cycle = ['a', 'b', 'a'];

  assert.deepEqual(block(verdicts, needs), {
    a: { kind: 'blocked', by: 'b', cycle },
    b: { kind: 'blocked', by: 'a', cycle },
    user: { kind: 'blocked', by: 'b' },
    below: BUILD,
    other: BUILD,
  });
});

test('blockCycles() leaves what needs no build as it is, and with it the cycle', () => {
  const verdicts = { a: KEEP, b: BUILD };

  assert.deepEqual(block(verdicts, { a: ['b'], b: ['a'] }), verdicts);
});
