import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { writeJson } from '../../activities/atomic-file.ts';
import { outcomeActivities } from '../../activities/outcomes.ts';
import type { Records } from '../../activities/records.ts';
import { StateDamagedError } from '../../model/activity-errors.ts';
import type { CellOutcome, CellRecord } from '../../model/cell.ts';
import type { Verdict } from '../../model/verdict.ts';
import { listedOf } from '../plan/listed-packages.ts';
import { EXECUTION, inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW } from '../support/data-rig.ts';
import { INPUT, kernelOf, moduleOf, SOURCE } from '../support/plan-facts.ts';

const RELEASE = '5.14.0-611.el9.x86_64';
const KEY = { stream: 'lab', kmod: 'jool', release: RELEASE };
const LAB = { stream: 'lab', release: '9.9.9', arch: 'x86_64', flavour: 'default' };
const CELL = { ...KEY, arch: 'x86_64' };
const NEVER_BUILT: Verdict = { kind: 'rebuild', why: 'never-built' };
const KEEP: Verdict = { kind: 'keep', why: 'built-for-this-kernel' };
const FAILED: CellOutcome = { kind: 'failed', step: 'build', reason: 'no', durationMs: 1 };

async function publishedOf(rig: DataRig, buildNumber: number): Promise<CellOutcome> {
  const facts = await rig.store.addText(JSON.stringify([moduleOf('jool')]));
  const build = {
    inputDigest: INPUT,
    sourceDigest: SOURCE,
    buildNumber,
    durationMs: 60_000,
    modules: { ...facts, moduleCount: 1 },
    attemptLog: 'logs/a.log',
  };
  return { kind: 'published', packages: [], repository: 'kmods', snapshot: '000001', build };
}

async function record(rig: DataRig, verdict: Verdict, outcome: CellOutcome): Promise<CellRecord> {
  const { recordOutcome } = outcomeActivities(rig);
  await inActivity(() => recordOutcome({ ...CELL, verdict, outcome }));
  const found = await rig.records.readCell(KEY);
  assert.ok(found);
  return found;
}

test('records give nothing of what was never written', async () => {
  await using rig = await makeDataRig();
  const { records } = rig;

  assert.deepEqual(
    [
      await records.readStream('lab'),
      await records.readKernel(KEY),
      await records.readPlan(KEY),
      await records.readCell(KEY),
    ],
    [undefined, undefined, undefined, undefined],
  );
  assert.deepEqual(
    [
      await records.listKernels('lab'),
      await records.listCells('lab'),
      (await records.openDonors(LAB))('jool'),
    ],
    [[], [], []],
  );
});

test("listKernels() orders by rpm's rule, oldest first, and sees no other stream's", async () => {
  await using rig = await makeDataRig();
  const evrs = ['5.14.0-70.el9', '5.14.0-611.el9', '5.14.0-162.el9', '5.4.0-999.el9'];
  for (const evr of evrs) await rig.records.writeKernel(kernelOf(evr));
  await rig.records.writeKernel(kernelOf('6.1.0-1', { stream: 'other' }));

  const kernels = await rig.records.listKernels('lab');

  assert.deepEqual(
    kernels.map(({ evr }) => evr.release),
    ['999.el9', '70.el9', '162.el9', '611.el9'],
  );
});

test('records ignore what a crash left beside them', async () => {
  await using rig = await makeDataRig();
  await rig.records.writeKernel(kernelOf('5.14.0-611.el9'));
  await writeFile(`${rig.data.kernelFile(KEY)}.1234.tmp`, '{"half');

  assert.equal((await rig.records.listKernels('lab')).length, 1);
});

test('records say which file is damaged', async () => {
  await using rig = await makeDataRig();
  const reads: readonly [string, (records: Records) => Promise<unknown>][] = [
    [rig.data.kernelFile(KEY), (records) => records.listKernels('lab')],
    [rig.data.planFile(KEY), (records) => records.readPlan(KEY)],
    [rig.data.cellFile(KEY), (records) => records.listCells('lab')],
    [rig.data.streamFile('lab'), (records) => records.readStream('lab')],
  ];
  for (const [path, read] of reads) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '{}');

    await assert.rejects(
      read(rig.records),
      (error) => error instanceof StateDamagedError && error.path === path,
    );
  }
});

test('openDonors() gives published builds, newest kernel first, with their modules', async () => {
  await using rig = await makeDataRig();
  for (const [number, evr] of ['5.14.0-70.el9', '5.14.0-162.el9', '5.14.0-611.el9'].entries()) {
    const kernel = kernelOf(evr);
    await rig.records.writeKernel(kernel);
    const outcome = number === 1 ? FAILED : await publishedOf(rig, number + 1);
    const end = { ...CELL, release: kernel.release, verdict: NEVER_BUILT, outcome };
    await inActivity(() => outcomeActivities(rig).recordOutcome(end));
  }

  const donors = (await rig.records.openDonors(LAB))('jool');

  assert.deepEqual(
    donors.map(({ release, buildNumber }) => [release, buildNumber]),
    [
      [RELEASE, 3],
      ['5.14.0-70.el9.x86_64', 1],
    ],
  );
  assert.deepEqual(donors[0], {
    release: RELEASE,
    sourceDigest: SOURCE,
    inputDigest: INPUT,
    buildNumber: 3,
    durationMs: 60_000,
    modules: [moduleOf('jool')],
  });
});

test('openDonors() gives the newest three builds only', async () => {
  await using rig = await makeDataRig();
  for (const number of [1, 2, 3, 4]) {
    const kernel = kernelOf(`5.14.0-${600 + number}.el9`);
    await rig.records.writeKernel(kernel);
    const outcome = await publishedOf(rig, number);
    const end = { ...CELL, release: kernel.release, verdict: NEVER_BUILT, outcome };
    await inActivity(() => outcomeActivities(rig).recordOutcome(end));
  }

  const donors = (await rig.records.openDonors(LAB))('jool');

  assert.deepEqual(
    donors.map(({ buildNumber }) => buildNumber),
    [4, 3, 2],
  );
});

test('openDonors() gives no build that its repository lists no more', async () => {
  await using rig = await makeDataRig();
  const kernels = ['5.14.0-70.el9', '5.14.0-162.el9', '5.14.0-611.el9'].map((evr) => kernelOf(evr));
  const files = kernels.map(({ release }) => listedOf({ release }, 1));
  for (const [index, kernel] of kernels.entries()) {
    await rig.records.writeKernel(kernel);
    const packages = files.slice(index, index + 1);
    const outcome = { ...(await publishedOf(rig, index + 1)), packages };
    const end = { ...CELL, release: kernel.release, verdict: NEVER_BUILT, outcome };
    await inActivity(() => outcomeActivities(rig).recordOutcome(end));
  }
  const [old, withheld, listed] = files;
  assert.ok(old && withheld && listed);
  const content = {
    packages: [listed],
    withheld: [{ ...withheld, since: NOW, by: 'ann', why: 'oops' }],
    lingering: {},
  };
  const current = join(rig.data.repositories, 'kmods', 'current');
  await writeJson(join(current, '.packages.json'), content);
  const find = async (release: string) =>
    (await rig.records.openDonors({ ...LAB, release }))('jool').map((donor) => donor.release);

  assert.deepEqual(await find('5.14.0-700.el9.x86_64'), [RELEASE]);
  assert.deepEqual(await find(withheld.cell?.release ?? ''), [RELEASE, withheld.cell?.release]);
  assert.deepEqual(await find(old.cell?.release ?? ''), [RELEASE]);
});

test('openDonors() says that the facts of a build are gone from the store', async () => {
  await using rig = await makeDataRig();
  await rig.records.writeKernel(kernelOf('5.14.0-611.el9'));
  await record(rig, NEVER_BUILT, await publishedOf(rig, 1));
  await rm(rig.data.store, { recursive: true });

  const donorsOf = await rig.records.openDonors(LAB);
  assert.throws(() => donorsOf('jool'), StateDamagedError);
});

test('recordOutcome() writes who ended a cell, when and how', async () => {
  await using rig = await makeDataRig();

  assert.deepEqual(await record(rig, NEVER_BUILT, FAILED), {
    ...CELL,
    verdict: NEVER_BUILT,
    outcome: FAILED,
    failure: {
      kind: 'outcome',
      step: FAILED.step,
      reason: FAILED.reason,
      count: 1,
      since: NOW,
      failedAt: NOW,
    },
    updatedAt: NOW,
    workflowId: EXECUTION.workflowId,
    runId: EXECUTION.runId,
  });
  assert.equal(rig.changeCount(), 1);
});

test('recordOutcome() keeps the last build when a later attempt fails', async () => {
  await using rig = await makeDataRig();
  const published = await publishedOf(rig, 1);
  await record(rig, NEVER_BUILT, published);

  for (const outcome of [FAILED, { kind: 'cancelled' }, { kind: 'blocked', by: 'x' }] as const) {
    const found = await record(rig, NEVER_BUILT, outcome);

    assert.deepEqual(found.outcome, outcome);
    assert.deepEqual(found.lastBuild, published);
  }
});

test('recordOutcome() counts failures until one succeeds, and keeps them while nothing is built', async () => {
  await using rig = await makeDataRig();
  const published = await publishedOf(rig, 1);
  const counts: unknown[] = [];

  for (const outcome of [FAILED, FAILED, { kind: 'cancelled' }, FAILED, published] as const) {
    counts.push((await record(rig, NEVER_BUILT, outcome)).failure?.count);
  }

  assert.deepEqual(counts, [1, 2, 2, 3, undefined]);
});

test('recordOutcome() leaves the record of a failure that is not tried again as it is', async () => {
  await using rig = await makeDataRig();
  const before = await record(rig, NEVER_BUILT, FAILED);
  const { step, reason } = FAILED;
  const deferral = { why: 'failed-before', step, reason, failedAt: NOW, retryAt: NOW } as const;

  assert.deepEqual(await record(rig, NEVER_BUILT, { kind: 'deferred', deferral }), before);
});

test('recordOutcome() leaves a build for this kernel published when it is kept', async () => {
  await using rig = await makeDataRig();
  const published = await publishedOf(rig, 1);
  await record(rig, NEVER_BUILT, published);

  const found = await record(rig, KEEP, { kind: 'kept' });

  assert.deepEqual([found.outcome, found.lastBuild, found.verdict], [published, published, KEEP]);
});

test('recordOutcome() writes kept for modules of another kernel', async () => {
  await using rig = await makeDataRig();
  const verdict: Verdict = { kind: 'keep', why: 'compatible', donor: 'other', importCount: 1 };

  const found = await record(rig, verdict, { kind: 'kept' });

  assert.deepEqual(found.outcome, { kind: 'kept' });
  assert.ok(!('lastBuild' in found));
});

test('recordUnbuilt() writes all ends and says once that something changed', async () => {
  await using rig = await makeDataRig();
  const ends = ['a', 'b', 'c'].map((kmod) => ({
    ...CELL,
    kmod,
    verdict: KEEP,
    outcome: { kind: 'kept' } as const,
  }));

  await inActivity(() => outcomeActivities(rig).recordUnbuilt({ ends }));

  assert.deepEqual(
    (await rig.records.listCells('lab')).map(({ kmod }) => kmod),
    ['a', 'b', 'c'],
  );
  assert.equal(rig.changeCount(), 1);
});

test('reserveBuildNumber() gives no two runs the same number, and a run its own again', async () => {
  await using rig = await makeDataRig();
  const reserve = (runId: string, atLeast: number): Promise<number> =>
    rig.records.reserveBuildNumber(KEY, runId, atLeast);

  const numbers = [
    await reserve('one', 1),
    await reserve('one', 1),
    await reserve('two', 1),
    await reserve('three', 7),
    await reserve('four', 2),
  ];

  assert.deepEqual(numbers, [1, 1, 2, 7, 8]);
  assert.equal(await rig.records.reserveBuildNumber({ ...KEY, kmod: 'zfs' }, 'one', 1), 1);
});

test('recordRollout() writes that a kernel is done with, and with which kmods', async () => {
  await using rig = await makeDataRig();
  const key = { stream: 'lab', release: RELEASE };

  await outcomeActivities(rig).recordRollout({ ...key, kmods: ['zfs', 'jool'] });

  assert.deepEqual(await rig.records.readRollout(key), {
    ...key,
    kmods: ['jool', 'zfs'],
    endedAt: NOW,
  });
});
