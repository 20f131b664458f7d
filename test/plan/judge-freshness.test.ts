import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeFreshness } from '../../plan/judge-freshness.ts';

const HOUR_MS = 3_600_000;

test('judgeFreshness() finds stale what had no good look for too long, from the moment it was too long', () => {
  const lastGoodAt = '2026-11-23T10:00:00.000Z';

  const at = (now: string) => judgeFreshness({ now, lastGoodAt, staleAfterMs: HOUR_MS });

  assert.deepEqual(at('2026-11-23T10:59:59.999Z'), { lastGoodAt, staleAfterMs: HOUR_MS });
  assert.deepEqual(at('2026-11-24T09:00:00.000Z'), {
    ...{ lastGoodAt, staleAfterMs: HOUR_MS },
    staleSince: '2026-11-23T11:00:00.000Z',
  });
});

test('judgeFreshness() counts from the first failed look where none was ever good', () => {
  const now = '2026-11-23T12:00:00.000Z';
  const failing = { now, failingSince: '2026-11-23T10:30:00.000Z', staleAfterMs: HOUR_MS };

  assert.equal(judgeFreshness(failing).staleSince, '2026-11-23T11:30:00.000Z');
  assert.deepEqual(judgeFreshness({ now, staleAfterMs: HOUR_MS }), { staleAfterMs: HOUR_MS });
});
