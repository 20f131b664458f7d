import assert from 'node:assert/strict';
import test from 'node:test';
import { workflowOptions } from '../../cli/workflow-options.ts';
import type { Settings } from '../../model/settings.ts';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

function tidyMsOf(...graces: readonly number[]): number | undefined {
  const repositories = graces.map((graceMs, index) => ({
    name: `r${index}`,
    keep: { snapshotCount: 5, historyMs: 14 * DAY_MS, buildCount: 3, goneMs: 30 * DAY_MS, graceMs },
  }));
  const limits = { parallelBuilds: 2, buildTimeoutMs: 1, prepareTimeoutMs: 1 };
  // Only what workflows are told of is looked at.
  const settings = { limits, streams: [], repositories } as unknown as Settings;
  return workflowOptions({ settings }, true).tidyMs;
}

test('workflowOptions() has repositories tidied every six hours where things are kept for days', () => {
  assert.equal(tidyMsOf(3 * DAY_MS), 6 * HOUR_MS);
});

test('workflowOptions() has them tidied as often as the shortest time that anything is kept', () => {
  assert.equal(tidyMsOf(3 * DAY_MS, HOUR_MS), HOUR_MS);
});
