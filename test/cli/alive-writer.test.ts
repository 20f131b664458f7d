import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { gatherAlive } from '../../activities/gather-watch.ts';
import { startAliveWriter } from '../../cli/alive-writer.ts';
import type { AliveStamp } from '../../model/status.ts';
import { makeDataRig, settingsOf, streamOf } from '../support/data-rig.ts';

const GOOD = '2026-11-23T12:00:00.123Z';

test('startAliveWriter() writes stamps until it is stopped, and tells when alarms change', async () => {
  await using rig = await makeDataRig();
  const { records } = rig;
  const settings = settingsOf({ streams: [streamOf(), streamOf({ name: 'other' })] });
  const look = { lookedAt: GOOD, isOk: true, message: '', validators: {}, waitingForDevel: [] };
  await records.writeStream('lab', { ...look, lastGoodAt: GOOD });
  await records.writeSources({ lookedAt: '2026-11-23T12:30:00.000Z', message: '', kmods: {} });
  const moments = ['2026-11-23T12:59:00.500Z', '2026-11-23T13:01:00.500Z'];
  const errors: unknown[] = [];
  let gathered = 0;
  let tellAlarm: () => void;
  const alarmed = new Promise<void>((resolve) => {
    tellAlarm = resolve;
  });
  const seen: AliveStamp[] = [];
  const writer = startAliveWriter({
    directory: rig.data.status,
    everyMs: 5,
    async gather() {
      const now = moments[Math.min(gathered, 1)] ?? '';
      gathered += 1;
      const stamp = await gatherAlive({
        ...{ settings, records, holdsMs: 120_000 },
        now: () => new Date(now),
      });
      seen.push(stamp);
      return stamp;
    },
    onAlarm: () => tellAlarm(),
    onError: (error) => errors.push(error),
  });

  await alarmed;
  await writer.stop();

  assert.deepEqual(errors, []);
  assert.deepEqual(seen[0], {
    schema: 1,
    writtenAt: '2026-11-23T12:59:00Z',
    nextBy: '2026-11-23T13:01:00Z',
    streams: { lab: { lastGoodAt: '2026-11-23T12:00:00Z' }, other: {} },
    sources: { lastGoodAt: '2026-11-23T12:30:00Z' },
    alarms: [],
  });
  const last: AliveStamp = JSON.parse(await readFile(`${rig.data.status}/alive.json`, 'utf8'));
  assert.deepEqual(last, seen.at(-1));
  assert.equal(last.streams.lab?.staleSince, '2026-11-23T13:00:00Z');
  assert.deepEqual(last.alarms, [
    'lab: Stale since 2026-11-23 13:00 UTC; last good look: 2026-11-23 12:00 UTC',
  ]);
  const count = gathered;
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(gathered, count);
});
