import assert from 'node:assert/strict';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import test from 'node:test';
import { readRemovedLogs, tidyLogs } from '../../activities/tidy-logs.ts';
import type { CellRecord } from '../../model/cell.ts';
import { type DataRig, makeDataRig, NOW, settingsOf } from '../support/data-rig.ts';

const KEY = { stream: 'lab', release: '6.1.0-1', kmod: 'jool' };
const DAY_MS = 24 * 60 * 60_000;

async function writeLog({ data }: DataRig, attempt: string, daysAgo: number): Promise<string> {
  const path = data.attemptLog(KEY, attempt);
  await mkdir(dirname(data.absolute(path)), { recursive: true });
  await writeFile(data.absolute(path), `attempt ${attempt}\n`);
  const at = new Date(Date.parse(NOW) - daysAgo * DAY_MS);
  await utimes(data.absolute(path), at, at);
  return path;
}

test('tidyLogs() removes old logs, keeps that of the failure on record, and says how many went', async () => {
  await using rig = await makeDataRig();
  const failed = await writeLog(rig, 'failed', 500);
  for (const days of [2, 3, 4, 5]) await writeLog(rig, `d${days}`, days);
  const record: CellRecord = {
    ...{ ...KEY, arch: 'x86_64', updatedAt: NOW, workflowId: 'w', runId: 'r' },
    verdict: { kind: 'rebuild', why: 'never-built' },
    outcome: { kind: 'failed', step: 'build', reason: 'no', durationMs: 1, attemptLog: failed },
  };
  await rig.records.writeCell(record);
  const retention = { ...settingsOf().retention, logCount: 2 };
  const directory = dirname(rig.data.absolute(failed));

  const first = await tidyLogs({ ...rig, retention });
  await writeLog(rig, 'd1', 1.5);
  const second = await tidyLogs({ ...rig, retention });

  assert.deepEqual(first, { count: 2, sizeBytes: 22 });
  assert.equal(second.count, 1);
  assert.deepEqual((await readdir(directory)).sort(), [
    'd1.log',
    'd2.log',
    'failed.log',
    'removed.json',
  ]);
  assert.deepEqual(await readRemovedLogs(directory), { count: 3, at: NOW });
});

test('tidyLogs() finds nothing to do where nothing was built', async () => {
  await using rig = await makeDataRig();

  const tidied = await tidyLogs({ ...rig, retention: settingsOf().retention });

  assert.deepEqual(tidied, { count: 0, sizeBytes: 0 });
});
