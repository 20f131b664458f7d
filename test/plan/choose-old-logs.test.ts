import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseOldLogs, type LogFile, type LogRules } from '../../plan/choose-old-logs.ts';

const DAY_MS = 24 * 60 * 60_000;
const RULES: LogRules = {
  nowMs: 1000 * DAY_MS,
  needed: new Set(),
  logCount: 3,
  logAgeMs: 90 * DAY_MS,
  logBytes: 1000,
};

/** A log of 100 bytes that was written so many days ago. */
function logOf(kmod: string, daysAgo: number, sizeBytes = 100): LogFile {
  const path = `logs/el9/k1/${kmod}/${daysAgo}.log`;
  return { path, modifiedAtMs: RULES.nowMs - daysAgo * DAY_MS, sizeBytes };
}

function choose(logs: readonly LogFile[], rules: Partial<LogRules> = {}): readonly string[] {
  return chooseOldLogs(logs, { ...RULES, ...rules }).map(({ path }) => path.slice(12));
}

test('chooseOldLogs() keeps so many of a cell, the newest, and others by themselves', () => {
  const logs = [logOf('a', 5), logOf('a', 2), logOf('a', 9), logOf('a', 3), logOf('b', 50)];

  assert.deepEqual(choose(logs), ['a/9.log']);
});

test('chooseOldLogs() lets go what is too old, the oldest of all first', () => {
  assert.deepEqual(choose([logOf('a', 91), logOf('b', 300), logOf('c', 89)]), [
    'b/300.log',
    'a/91.log',
  ]);
});

test('chooseOldLogs() lets the oldest go until all are small enough together', () => {
  const logs = [logOf('a', 2, 600), logOf('b', 3, 300), logOf('c', 4, 300), logOf('d', 5, 50)];

  assert.deepEqual(choose(logs), ['c/4.log']);
});

test('chooseOldLogs() never chooses the log of a failure that stands, nor one that may be written', () => {
  const failed = logOf('a', 400, 5000);
  const logs = [failed, logOf('a', 1), logOf('a', 0.5, 9000), logOf('a', 2), logOf('a', 3)];

  assert.deepEqual(choose(logs, { needed: new Set([failed.path]) }), ['a/3.log', 'a/2.log']);
});
