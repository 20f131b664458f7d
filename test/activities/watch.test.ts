import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { type StreamLook, watchActivities } from '../../activities/watch.ts';
import { NotFoundError, StreamUnreachableError } from '../../model/activity-errors.ts';
import { formatEvr } from '../../rpm/evr.ts';
import { inActivity } from '../support/activity-context.ts';
import { NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';
import { namesOf, REPOMD, startWatchRig, touch } from './watch-rig.ts';

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
