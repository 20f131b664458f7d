import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { watchActivities } from '../../activities/watch.ts';
import { LookQuarantinedError } from '../../model/activity-errors.ts';
import { readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { serveFiles, startHttpRig } from '../support/http-rig.ts';
import { namesOf, REPOMD, republish, startKnownRig, startWatchRig } from './watch-rig.ts';

const isOther = (entry: string): boolean => !entry.includes('<name>kernel-core</name>');

test('lookAtStream() does not believe a look that lost all kernels, and keeps what it knew', async () => {
  await using watch = await startKnownRig();
  const { records, data } = watch.rig;
  const before = await records.readStream('lab');
  republish(watch.files, isOther);

  await assert.rejects(
    watch.look(),
    (error) =>
      error instanceof LookQuarantinedError &&
      error.failureClass === 'outcome' &&
      /^Cannot believe the look at "lab": all kernels of flavour "default" vanished: 6\.1\.0-54\.el9, 6\.1\.0-54\.1\.el9, 6\.1\.0-55\.el9\. .* rekmod stream accept lab --why/.test(
        error.message,
      ),
  );

  const record = await records.readStream('lab');
  assert.equal(record?.isOk, false);
  assert.deepEqual(record?.goneSince, {});
  assert.deepEqual(record?.validators, before?.validators);
  assert.deepEqual(record?.accepted, before?.accepted);
  const folder = data.absolute(record?.quarantine?.evidence ?? '');
  assert.deepEqual(await readdir(folder), ['look.json', 'repomd-0.xml']);
  assert.equal(
    await readFile(join(folder, 'repomd-0.xml'), 'utf8'),
    String(watch.files.get(REPOMD)),
  );
  const seen = JSON.parse(await readFile(join(folder, 'look.json'), 'utf8'));
  assert.deepEqual(seen.lost, [
    'default 6.1.0-54.el9',
    'default 6.1.0-54.1.el9',
    'default 6.1.0-55.el9',
  ]);
  assert.equal(seen.repositories[0].baseUrl, watch.server.url);
  assert.match(seen.repositories[0].sha256, /^[0-9a-f]{64}$/);
});

test('lookAtStream() asks once for what is in quarantine, and heals when it is good again', async () => {
  await using watch = await startKnownRig();
  const { records } = watch.rig;
  const [repomd, primary] = [...watch.files.values()];
  republish(watch.files, isOther);
  await assert.rejects(watch.look(), LookQuarantinedError);
  const before = await records.readStream('lab');
  const requestCount = watch.server.requests.length;

  await assert.rejects(watch.look(), LookQuarantinedError);

  assert.deepEqual(watch.server.requests.slice(requestCount), [`GET ${REPOMD}`]);
  assert.deepEqual((await records.readStream('lab'))?.quarantine, before?.quarantine);

  watch.files.set(REPOMD, `${String(repomd)}\n`).set('/repodata/primary.xml.gz', primary ?? '');
  const look = await watch.look();

  assert.equal(
    look.message,
    '2 kernels are offered, none is new; waiting for kernel-devel of 6.1.0-55.el9',
  );
  const healed = await records.readStream('lab');
  assert.deepEqual(
    [healed?.isOk, healed?.quarantine, healed?.failingSince],
    [true, undefined, undefined],
  );
});

test('lookAtStream() keeps evidence of the newest five looks', async () => {
  await using watch = await startKnownRig();
  for (const number of [1, 2, 3, 4, 5, 6, 7]) {
    republish(watch.files, isOther, 1_780_000_000 + number);
    await assert.rejects(watch.look(), LookQuarantinedError);
  }

  const { data } = watch.rig;
  assert.equal((await readdir(data.absolute(data.quarantineOf('lab')))).length, 5);
});

test('acceptLook() has what was lost not missed any more, says who and why, and judges the next anew', async () => {
  await using watch = await startKnownRig();
  const { records } = watch.rig;
  republish(watch.files, (entry) => isOther(entry) || entry.includes('rel="54.el9"'));
  await assert.rejects(watch.look(), LookQuarantinedError);

  const signature = { by: 'ada', why: 'upstream has cleaned up' };
  await watch.activities.acceptLook({ stream: 'lab', ...signature });
  const look = await watch.look();

  assert.equal(look.isChanged, true);
  const record = await records.readStream('lab');
  assert.deepEqual(record?.goneSince, { '6.1.0-54.1.el9.x86_64': NOW });
  assert.deepEqual(record?.withdrawn, ['6.1.0-54.1.el9.x86_64']);
  assert.match(look.message, /; withdrawn upstream: 6\.1\.0-54\.1\.el9\.x86_64$/);
  const sentence = record?.acceptance?.sentence;
  assert.deepEqual(record?.acceptance, { ...signature, at: NOW, sentence });
  assert.match(sentence ?? '', /^2 kernels of flavour "default" vanished, expected at most 1/);

  republish(watch.files, isOther, 1_780_000_002);
  await assert.rejects(watch.look(), LookQuarantinedError);
});

test('acceptLook() refuses where nothing is in quarantine', async () => {
  await using watch = await startKnownRig();

  await assert.rejects(
    watch.activities.acceptLook({ stream: 'lab', by: 'ada', why: 'so' }),
    /^CommandRefusedError: Cannot accept the look at "lab": expected one in quarantine, found none$/,
  );
});

test('lookAtStream() believes a mirror that went back in time only if it lost nothing', async () => {
  await using watch = await startKnownRig();
  republish(watch.files, () => true, 1_779_000_000);

  assert.equal((await watch.look()).isChanged, true);

  await watch.activities.acknowledgeLook({ stream: 'lab', validators: {} });
  republish(watch.files, (entry) => !entry.includes('rel="55.el9"'), 1_778_000_000);
  await assert.rejects(watch.look(), /went back in time: .*lacks 6\.1\.0-55\.el9/);
});

test('lookAtStream() judges another configuration by itself', async () => {
  await using watch = await startKnownRig();
  republish(watch.files, isOther);
  const family = { core: 'kernel-core', devel: 'kernel-devel', flavours: ['rt'] };
  const settings = settingsOf({ streams: [streamOf({ urls: [watch.server.url], family })] });
  const moved = watchActivities({ ...watch.rig, settings });

  const look = await inActivity(() => moved.lookAtStream({ stream: 'lab' }));

  assert.equal(look.isChanged, true);
});

test('lookAtStream() makes one conditional request of each repository when none has changed', async () => {
  await using other = await startHttpRig(
    serveFiles(
      new Map<string, string | Uint8Array>([
        [REPOMD, readFixtureText('repodata/repomd.xml')],
        ['/repodata/primary.xml.gz', readFixture('repodata/primary.xml.gz')],
      ]),
    ),
  );
  await using watch = await startWatchRig();
  const settings = settingsOf({ streams: [streamOf({ urls: [watch.server.url, other.url] })] });
  const activities = watchActivities({ ...watch.rig, settings });
  const look = () => inActivity(() => activities.lookAtStream({ stream: 'lab' }));
  const { validators } = await look();
  await activities.acknowledgeLook({ stream: 'lab', validators });
  const counts = [watch.server.requests.length, other.requests.length] as const;

  for (let poll = 0; poll < 3; poll += 1) assert.equal((await look()).isChanged, false);

  const polls = Array.from({ length: 3 }, () => `GET ${REPOMD}`);
  assert.deepEqual(watch.server.requests.slice(counts[0]), polls);
  assert.deepEqual(other.requests.slice(counts[1]), polls);
});

test('lookAtStream() remembers since when a kernel waits for its kernel-devel', async () => {
  await using watch = await startWatchRig();
  const { records } = watch.rig;
  await watch.look();
  const record = await records.readStream('lab');
  assert.ok(record);
  const long = '2026-01-01T00:00:00.000Z';
  await records.writeStream('lab', { ...record, waitingSince: { '6.1.0-55.el9': long } });

  await watch.look();

  assert.deepEqual((await records.readStream('lab'))?.waitingSince, { '6.1.0-55.el9': long });
});

test('lookAtStream() takes a kernel when its kernel-devel comes, though nothing else has changed', async () => {
  await using watch = await startKnownRig();
  const isDevel = (entry: string): boolean =>
    entry.includes('<name>kernel-devel</name>') && entry.includes('rel="54.el9"');
  republish(
    watch.files,
    () => true,
    1_780_000_001,
    (entries) => entries.filter(isDevel).map((entry) => entry.replaceAll('54.el9', '55.el9')),
  );

  const look = await watch.look();

  assert.deepEqual(namesOf(look), ['6.1.0-55.el9 ready']);
  assert.equal(look.message, '3 kernels are offered, 1 new');
  const record = await watch.rig.records.readStream('lab');
  assert.deepEqual([record?.waitingForDevel, record?.waitingSince], [[], {}]);
});
