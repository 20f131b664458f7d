import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeIdle } from '../../plan/judge-idle.ts';

const HOUR_MS = 3_600_000;
const rule = { elapsedMs: HOUR_MS, graceMs: () => HOUR_MS };

test('judgeIdle() lets nothing go that it sees for the first time, whatever passed', () => {
  const found = new Map([['a', '1']]);

  const judged = judgeIdle({}, found, { elapsedMs: 365 * 24 * HOUR_MS, graceMs: () => 0 });

  assert.deepEqual(judged, { ripe: [], idle: { a: { token: '1', idleMs: 0 } } });
});

test('judgeIdle() lets go what was idle for the grace, and counts on for the rest', () => {
  const before = { a: { token: '1', idleMs: 0 }, b: { token: '1', idleMs: 0 } };
  const found = new Map([
    ['a', '1'],
    ['b', '1'],
  ]);

  const graceMs = (name: string): number => (name === 'a' ? HOUR_MS : 2 * HOUR_MS);
  const judged = judgeIdle(before, found, { ...rule, graceMs });

  assert.deepEqual(judged.ripe, ['a']);
  assert.equal(judged.idle.b?.idleMs, HOUR_MS);
});

test('judgeIdle() begins anew with what was used, and forgets what is referred to again', () => {
  const before = {
    used: { token: '1', idleMs: HOUR_MS },
    referred: { token: '1', idleMs: HOUR_MS },
  };

  const judged = judgeIdle(before, new Map([['used', '2']]), rule);

  assert.deepEqual(judged, { ripe: [], idle: { used: { token: '2', idleMs: 0 } } });
});

test('judgeIdle() takes no property of objects for a thing', () => {
  const judged = judgeIdle({}, new Map([['constructor', '']]), rule);

  assert.deepEqual(judged.ripe, []);
});
