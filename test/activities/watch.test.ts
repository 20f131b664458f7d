import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type StreamLook, type WatchActivities, watchActivities } from '../../activities/watch.ts';
import {
  LookQuarantinedError,
  NotFoundError,
  StreamUnreachableError,
} from '../../model/activity-errors.ts';
import type { Kmod } from '../../model/kmod.ts';
import type { Stream } from '../../model/settings.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { readFixture, readFixtureText } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { type HttpRig, serveFiles, startHttpRig } from '../support/http-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';

const REPOMD = '/repodata/repomd.xml';

interface WatchRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly files: Map<string, string | Uint8Array>;
  readonly server: HttpRig;
  readonly activities: WatchActivities;
  look(): Promise<StreamLook>;
}

/** The stream `lab` over the fixture's repository, served. */
async function startWatchRig(
  changes: Partial<Stream> = {},
  kmods: readonly Kmod[] = [],
): Promise<WatchRig> {
  const files = new Map<string, string | Uint8Array>([
    [REPOMD, readFixtureText('repodata/repomd.xml')],
    ['/repodata/primary.xml.gz', readFixture('repodata/primary.xml.gz')],
  ]);
  const server = await startHttpRig(serveFiles(files));
  const rig = await makeDataRig();
  const settings = settingsOf({ streams: [streamOf({ urls: [server.url], ...changes })], kmods });
  const activities = watchActivities({ ...rig, settings });
  return {
    rig,
    files,
    server,
    activities,
    look: () => inActivity(() => activities.lookAtStream({ stream: 'lab' })),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

function namesOf({ newKernels }: StreamLook): readonly string[] {
  return newKernels.map(({ evr, devel }) => `${formatEvr(evr)} ${devel ? 'ready' : 'waiting'}`);
}

/** Changes the file so that it has another ETag. */
function touch(files: Map<string, string | Uint8Array>): void {
  files.set(REPOMD, `${String(files.get(REPOMD))}\n`);
}

test('lookAtStream() finds kernels that have their kernel-devel, and names those that wait', async () => {
  await using watch = await startWatchRig();

  const look = await watch.look();

  assert.deepEqual(namesOf(look), ['6.1.0-54.el9 ready', '6.1.0-54.1.el9 ready']);
  assert.equal(look.isChanged, true);
  assert.equal(
    look.message,
    '2 kernels are offered, 2 new; waiting for kernel-devel of 6.1.0-55.el9',
  );
  assert.deepEqual(Object.keys(look.validators), [watch.server.url]);
  assert.ok(!('waitingForDevel' in look));
  assert.deepEqual(await readdir(watch.rig.data.scratch), []);
});

test('lookAtStream() records the look, what waits, and nothing that would hide it', async () => {
  await using watch = await startWatchRig();

  const { message } = await watch.look();

  const record = await watch.rig.records.readStream('lab');
  const { accepted } = record ?? {};
  assert.deepEqual(record, {
    lookedAt: NOW,
    isOk: true,
    message,
    lastGoodAt: NOW,
    validators: {},
    waitingForDevel: ['6.1.0-55.el9'],
    waitingSince: { '6.1.0-55.el9': NOW },
    notStored: {},
    goneSince: {},
    withdrawn: [],
    accepted,
  });
  assert.deepEqual(accepted?.revisions, { [watch.server.url]: '1780000000' });
  assert.deepEqual(
    accepted?.offered.map(({ evr }) => formatEvr(evr)),
    ['6.1.0-54.el9', '6.1.0-54.1.el9', '6.1.0-55.el9'],
  );
  assert.equal(watch.rig.changeCount(), 1);
});

test('lookAtStream() finds everything again until the look is acknowledged', async () => {
  await using watch = await startWatchRig();
  await watch.look();

  const second = await watch.look();
  assert.equal(second.newKernels.length, 2);
  await watch.activities.acknowledgeLook({ stream: 'lab', validators: second.validators });
  const requestCount = watch.server.requests.length;
  const third = await watch.look();

  assert.deepEqual(third, {
    message: 'Nothing has changed',
    isChanged: false,
    newKernels: [],
    unfinished: [],
    due: [],
    order: [],
    validators: second.validators,
  });
  assert.deepEqual(watch.server.requests.slice(requestCount), [`GET ${REPOMD}`]);
  const record = await watch.rig.records.readStream('lab');
  assert.deepEqual(record?.waitingForDevel, ['6.1.0-55.el9']);
  assert.deepEqual(record?.validators, second.validators);
});

test('lookAtStream() remembers since when known kernels are not offered', async () => {
  await using watch = await startWatchRig();
  const { records } = watch.rig;
  for (const evr of ['6.1.0-1.el9', '6.1.0-2.el9', '6.1.0-54.el9']) {
    await records.writeKernel(kernelOf(evr));
  }
  await records.writeKernel(kernelOf('6.1.0-55.el9'));
  const long = '2026-01-01T00:00:00.000Z';
  await records.writeStream('lab', {
    ...{ lookedAt: long, isOk: true, message: '', validators: {}, waitingForDevel: [] },
    goneSince: { '6.1.0-1.el9.x86_64': long, '6.1.0-54.el9.x86_64': long },
  });

  const { validators } = await watch.look();

  const gone = { '6.1.0-1.el9.x86_64': long, '6.1.0-2.el9.x86_64': NOW };
  assert.deepEqual((await records.readStream('lab'))?.goneSince, gone);

  await watch.activities.acknowledgeLook({ stream: 'lab', validators });
  await watch.look();
  assert.deepEqual((await records.readStream('lab'))?.goneSince, gone, 'nothing has changed');

  watch.files.clear();
  await assert.rejects(watch.look());
  assert.deepEqual((await records.readStream('lab'))?.goneSince, gone, 'the look failed');
});

test('lookAtStream() names stored kernels whose rollout has not ended, and offers them no more', async () => {
  await using watch = await startWatchRig({}, [kmodOf('jool')]);
  const { records } = watch.rig;
  for (const evr of ['6.1.0-54.el9', '6.1.0-54.1.el9']) await records.writeKernel(kernelOf(evr));
  await records.writeRollout({
    stream: 'lab',
    release: '6.1.0-54.el9.x86_64',
    kmods: ['jool'],
    endedAt: NOW,
  });

  const look = await watch.look();

  assert.deepEqual(namesOf(look), []);
  assert.deepEqual(look.unfinished, [
    { release: '6.1.0-54.1.el9.x86_64', arch: 'x86_64', flavour: 'default' },
  ]);
  assert.match(look.message, /^2 kernels are offered, none is new;/);
});

test('lookAtStream() names kernels that ended before a kmod was configured, on an unchanged mirror too', async () => {
  await using watch = await startWatchRig({}, [kmodOf('jool'), kmodOf('zfs')]);
  const { records } = watch.rig;
  const release = '6.1.0-54.el9.x86_64';
  await records.writeKernel(kernelOf('6.1.0-54.el9'));
  await records.writeRollout({ stream: 'lab', release, kmods: ['jool'], endedAt: NOW });
  const { validators } = await watch.look();
  await watch.activities.acknowledgeLook({ stream: 'lab', validators });

  const look = await watch.look();

  assert.equal(look.isChanged, false);
  assert.equal(look.message, `Nothing has changed; not finished: ${release}`);
  assert.deepEqual(look.unfinished, [{ release, arch: 'x86_64', flavour: 'default' }]);
});

test('lookAtStream() reads an unchanged mirror again when the configuration of the stream changed', async () => {
  await using watch = await startWatchRig();
  const { validators } = await watch.look();
  await watch.activities.acknowledgeLook({ stream: 'lab', validators });
  const settings = settingsOf({
    streams: [streamOf({ urls: [watch.server.url], keepKernels: 1 })],
  });
  const changed = watchActivities({ ...watch.rig, settings });

  const look = await inActivity(() => changed.lookAtStream({ stream: 'lab' }));

  assert.equal(look.isChanged, true);
  assert.deepEqual(namesOf(look), ['6.1.0-54.1.el9 ready']);
});

test('lookAtStream() keeps the newest kernels only, and counts none that waits', async () => {
  await using watch = await startWatchRig({ keepKernels: 1 });

  assert.deepEqual(namesOf(await watch.look()), ['6.1.0-54.1.el9 ready']);
});

test('lookAtStream() says what went wrong and keeps what it knew', async () => {
  await using watch = await startWatchRig();
  const { records } = watch.rig;
  const { validators } = await watch.look();
  await watch.activities.acknowledgeLook({ stream: 'lab', validators });
  watch.files.delete(REPOMD);

  await assert.rejects(watch.look(), StreamUnreachableError);

  const record = await records.readStream('lab');
  assert.equal(record?.isOk, false);
  assert.match(record?.message ?? '', /^Cannot fetch "http:.*repomd\.xml": expected repository/);
  assert.equal(record?.lastGoodAt, NOW);
  assert.deepEqual(record?.validators, validators);
  assert.deepEqual(record?.waitingForDevel, ['6.1.0-55.el9']);
});

test('lookAtStream() remembers no good look that never was', async () => {
  await using watch = await startWatchRig();
  watch.files.clear();

  await assert.rejects(watch.look());

  const record = await watch.rig.records.readStream('lab');
  assert.ok(record && !('lastGoodAt' in record));
  assert.equal(watch.rig.changeCount(), 1);
});

test('lookAtStream() reads all repositories again when one of them has changed', async () => {
  await using other = await startWatchRig();
  await using watch = await startWatchRig();
  const settings = settingsOf({
    streams: [streamOf({ urls: [watch.server.url, other.server.url] })],
  });
  const activities = watchActivities({ ...watch.rig, settings });
  const look = (): Promise<StreamLook> =>
    inActivity(() => activities.lookAtStream({ stream: 'lab' }));
  const { validators } = await look();
  await activities.acknowledgeLook({ stream: 'lab', validators });
  touch(watch.files);

  const { newKernels, isChanged } = await look();

  // Of two packages that are the same, the first repository's is taken; both must be known for that.
  assert.equal(isChanged, true);
  assert.equal(newKernels.length, 2);
  assert.ok(newKernels[0]?.devel?.location.startsWith(watch.server.url));
  assert.equal(other.server.requests.filter((line) => line.endsWith('primary.xml.gz')).length, 2);
});

test('lookAtStream() does not know a stream that is not configured', async () => {
  await using watch = await startWatchRig();

  await assert.rejects(
    inActivity(() => watch.activities.lookAtStream({ stream: 'other' })),
    (error) =>
      error instanceof NotFoundError && /expected a configured stream \(lab\)/.test(error.message),
  );
});

test('acknowledgeLook() remembers nothing of a stream that was never looked at', async () => {
  await using watch = await startWatchRig();

  await watch.activities.acknowledgeLook({ stream: 'lab', validators: {} });

  assert.equal(await watch.rig.records.readStream('lab'), undefined);
});

/** Lists other content under the same name, as a whole new repository. */
function republish(
  files: Map<string, string | Uint8Array>,
  keep: (entry: string) => boolean,
  revision = 1_780_000_001,
): void {
  const primary = gunzipSync(readFixture('repodata/primary.xml.gz')).toString();
  const entries = primary.match(/<package type="rpm">.*?<\/package>/gs) ?? [];
  const kept = entries.filter(keep);
  const text = primary
    .replace(/<package type="rpm">.*<\/package>/s, () => kept.join('\n'))
    .replace(/packages="\d+"/, `packages="${kept.length}"`);
  const packed = gzipSync(text);
  const sha256 = createHash('sha256').update(packed).digest('hex');
  files.set('/repodata/primary.xml.gz', packed);
  const repomd = readFixtureText('repodata/repomd.xml')
    .replace(/(?<="primary">\s+<checksum type="sha256">)[0-9a-f]+/, sha256)
    .replace('<size>1344<', `<size>${packed.length}<`)
    .replace(/<open-size>\d+</, `<open-size>${text.length}<`)
    .replace(/<revision>\d+</, `<revision>${revision}<`);
  files.set(REPOMD, repomd);
}

/** A stream whose two kernels with kernel-devel are known, and whose look is acknowledged. */
async function startKnownRig(changes: Partial<Stream> = {}): Promise<WatchRig> {
  const watch = await startWatchRig(changes);
  const { records } = watch.rig;
  for (const evr of ['6.1.0-54.el9', '6.1.0-54.1.el9']) await records.writeKernel(kernelOf(evr));
  const { validators } = await watch.look();
  await watch.activities.acknowledgeLook({ stream: 'lab', validators });
  return watch;
}

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

test('lookAtStream() names what has come to its time again, and none before', async () => {
  await using watch = await startWatchRig({}, [kmodOf('jool')]);
  const { records } = watch.rig;
  const kernel = kernelOf('6.1.0-54.el9');
  const { stream, release } = kernel;
  await records.writeKernel(kernel);
  await records.writeRollout({ stream, release, kmods: ['jool'], endedAt: NOW });
  const fail = async (failedAt: string): Promise<void> => {
    const why = { kind: 'engine', step: 'build', reason: 'no engine', count: 1 } as const;
    const outcome = { ...why, kind: 'failed', trouble: 'engine', durationMs: 1 } as const;
    await records.writeCell({
      ...{ stream, release, kmod: 'jool', arch: 'x86_64', updatedAt: failedAt },
      ...{ verdict: { kind: 'rebuild', why: 'never-built' }, outcome },
      failure: { ...why, since: failedAt, failedAt },
      ...{ workflowId: 'w', runId: 'r' },
    });
  };

  await fail(NOW);
  const before = await watch.look();
  await fail('2026-11-23T11:55:00.000Z');
  const after = await watch.look();

  assert.deepEqual(before.due, []);
  assert.deepEqual(after.due, [{ release, arch: 'x86_64', flavour: 'default', kmods: ['jool'] }]);
  // The newer kernel, which is new, comes first.
  assert.deepEqual(after.order?.at(-1), release);
});
