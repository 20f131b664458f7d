import assert from 'node:assert/strict';
import test from 'node:test';
import { gatherStatus } from '../../activities/gather-status.ts';
import type { StreamRecord } from '../../activities/stream-record.ts';
import type { StatusReport } from '../../model/status.ts';
import { assembleMatrix } from '../../report/matrix.ts';
import { matrixToText } from '../../report/matrix-text.ts';
import { sourcesToText } from '../../report/sources-text.ts';
import { statusToHtml } from '../../report/status-html.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';

const EARLIER = '2026-11-23T10:00:00.000Z';
const STYLE = { color: false, columns: 400 } as const;
const EVIL = '<img onerror=x>\u001b[31m';

const RECORD: StreamRecord = {
  ...{ lookedAt: NOW, isOk: false, message: 'Cannot believe it', lastGoodAt: EARLIER },
  ...{ failingSince: '2026-11-23T10:30:00.000Z', validators: {} },
  waitingForDevel: ['6.1.0-55.el9'],
  waitingSince: { '6.1.0-55.el9': EARLIER },
  goneSince: { '6.1.0-1.el9.x86_64': EARLIER, '6.1.0-54.el9.x86_64': EARLIER },
  withdrawn: ['6.1.0-54.el9.x86_64'],
  notStored: { '6.1.0-56.el9': `Cannot fetch "${EVIL}"` },
  quarantine: {
    ...{ kind: 'quarantined', sentence: `2 kernels vanished: ${EVIL}`, since: EARLIER },
    lost: [{ flavour: 'default', evr: { epoch: 0, version: '6.1.0', release: '54.el9' } }],
    ...{ evidence: 'quarantine/lab/x', seen: {}, settingsDigest: '0'.repeat(64) },
  },
};

async function gather(rig: DataRig): Promise<StatusReport> {
  const settings = settingsOf({ streams: [streamOf()], kmods: [kmodOf('jool')] });
  return await gatherStatus({
    ...{ settings, records: rig.records, now: rig.now, active: [] },
    repositoryUrl: (name) => `http://127.0.0.1/${name}`,
  });
}

async function startRig(): Promise<DataRig> {
  const rig = await makeDataRig();
  for (const evr of ['6.1.0-1.el9', '6.1.0-54.el9']) await rig.records.writeKernel(kernelOf(evr));
  await rig.records.writeStream('lab', RECORD);
  await rig.records.writeSources({
    lookedAt: EARLIER,
    message: 'No source asks for a rebuild; 1 could not be read',
    kmods: { jool: { lookedAt: EARLIER, reason: 'Cannot read it', handedOn: {} } },
  });
  return rig;
}

test('gatherStatus() tells what is in quarantine, stale, waited for, not to be had and withdrawn', async () => {
  await using rig = await startRig();

  const { streams, sources } = await gather(rig);

  const [stream] = streams;
  assert.deepEqual(stream?.freshness, {
    ...{ lastGoodAt: EARLIER, staleAfterMs: 3_600_000 },
    staleSince: '2026-11-23T11:00:00.000Z',
  });
  assert.deepEqual(stream?.quarantine, {
    ...{ kind: 'quarantined', sentence: `2 kernels vanished: ${EVIL}`, since: EARLIER },
    ...{ evidence: 'quarantine/lab/x', lost: ['6.1.0-54.el9'] },
  });
  const kernels = stream?.kernels.map(({ counts: _, ...kernel }) => kernel);
  const waiting = { state: 'waiting-for-devel' } as const;
  assert.deepEqual(
    kernels?.map(({ foundAt: _, ...kernel }) => kernel),
    [
      { release: '6.1.0-1.el9.x86_64', state: 'known', goneSince: EARLIER },
      { release: '6.1.0-54.el9.x86_64', state: 'known', goneSince: EARLIER, isWithdrawn: true },
      { release: '6.1.0-55.el9', ...waiting },
      { release: '6.1.0-56.el9', ...waiting, trouble: `Cannot fetch "${EVIL}"` },
    ],
  );
  assert.equal(kernels?.[2]?.foundAt, EARLIER, 'since it waits, not since the last look');
  assert.equal(sources?.lastLook?.ageSeconds, 7200);
  assert.equal(sources?.freshness.staleSince, '2026-11-23T11:00:00.000Z');
  assert.deepEqual(sources?.unreadable, [
    { kmod: 'jool', reason: 'Cannot read it', lastGoodAt: EARLIER },
  ]);
});

/** What page and terminal must say. */
const SENTENCES = [
  'In quarantine since 2026-11-23 10:00 UTC: 2 kernels vanished: ',
  'Stale since 2026-11-23 11:00 UTC; last good look: 2026-11-23 10:00 UTC',
  '6.1.0-54.el9.x86_64 is withdrawn upstream since 2026-11-23 10:00 UTC',
  '6.1.0-55.el9 waits for its kernel-devel since 2026-11-23 10:00 UTC',
  '6.1.0-56.el9 is offered and cannot be had: Cannot fetch ',
];
const OF_SOURCES =
  'The source of jool could not be read since 2026-11-23 10:00 UTC: Cannot read it';

test('page and terminal say the same of the watch, and let nothing hostile through', async () => {
  await using rig = await startRig();

  const report = await gather(rig);

  const page = statusToHtml(report);
  const matrix = assembleMatrix(report, 'lab');
  assert.ok(matrix && report.sources);
  const text = matrixToText(matrix, STYLE);
  for (const sentence of SENTENCES) {
    assert.ok(page.includes(sentence), `page: ${sentence}`);
    assert.ok(text.includes(sentence), `terminal: ${sentence}`);
  }
  const sources = sourcesToText(report.sources, STYLE);
  assert.match(sources, /^Sources of the kmods {2}looked at 2 h ago: No source asks/);
  assert.ok(sources.includes(OF_SOURCES) && page.includes(OF_SOURCES));
  assert.ok(!page.includes('<img') && !text.includes('\u001b'));
});

test('page and terminal say nothing of a watch that is well', async () => {
  await using rig = await makeDataRig();
  const good = { lookedAt: NOW, isOk: true, message: 'Nothing has changed', lastGoodAt: NOW };
  await rig.records.writeStream('lab', { ...good, validators: {}, waitingForDevel: [] });

  const report = await gather(rig);

  const matrix = assembleMatrix(report, 'lab');
  assert.ok(matrix);
  const said = `${statusToHtml(report)}${matrixToText(matrix, STYLE)}`;
  assert.doesNotMatch(said, /Stale|quarantine|withdrawn|class="notes"/i);
});
