import assert from 'node:assert/strict';
import test from 'node:test';
import { requireOwnEnd } from '../../activities/require-own-end.ts';
import { ContainerInterruptedError } from '../../model/engine-errors.ts';

const CELL = { kmod: 'jool', release: '5.14.0-611.x86_64' };
const STOPPED = { kind: 'failed', why: 'interrupted', exitCode: 143 } as const;

test('requireOwnEnd() has a build tried again that its engine ended', () => {
  assert.throws(
    () => requireOwnEnd(CELL, STOPPED, 1),
    (error) => error instanceof ContainerInterruptedError && error.trouble === 'engine',
  );
});

test('requireOwnEnd() takes it for the result of a build that ends so each time', () => {
  requireOwnEnd(CELL, STOPPED, 4);
});

test('requireOwnEnd() leaves other ends alone', () => {
  requireOwnEnd(CELL, { kind: 'failed', why: 'exit', exitCode: 2 }, 1);
});
