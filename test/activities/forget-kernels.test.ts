import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { outcomeActivities } from '../../activities/outcomes.ts';
import { type ForgetDeps, forgetKernels } from '../../activities/upkeep/forget-kernels.ts';
import { type GateRecord, NO_RULES } from '../../model/gate.ts';
import type { Kernel } from '../../model/kernel.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';
import { GATE } from './gate-rig.ts';

const HOUR_MS = 3_600_000;
const KERNELS = ['5.14.0-1', '5.14.0-2'].map((evr) => kernelOf(evr));
const settings = settingsOf({ streams: [streamOf({ keepKernels: 1 })] });

/** Two kernels with all their records; the stream offers the newer one alone. */
async function fill(rig: DataRig): Promise<readonly [Kernel, Kernel]> {
  const { records } = rig;
  const { recordOutcome } = outcomeActivities(rig);
  for (const kernel of KERNELS) {
    await records.writeKernel(kernel);
    const { stream, release, arch } = kernel;
    await records.writePlan({ stream, release, arch, cells: [], waves: [] } as never);
    await records.writeRollout({ stream, release, endedAt: NOW, kmods: [] });
    await records.reserveBuildNumber({ stream, release, kmod: 'jool' }, 'run', 7);
    const cell = { stream, release, arch, kmod: 'jool' };
    const verdict = { kind: 'rebuild', why: 'never-built' } as const;
    await inActivity(() => recordOutcome({ ...cell, verdict, outcome: { kind: 'cancelled' } }));
  }
  const [old, kept] = KERNELS;
  assert.ok(old && kept);
  await records.writeStream('lab', {
    ...{ lookedAt: NOW, isOk: true, message: '', validators: {}, waitingForDevel: [] },
    goneSince: { [old.release]: NOW },
  });
  return [old, kept];
}

async function forget(rig: DataRig, hours: number, changes: Partial<ForgetDeps> = {}) {
  return await forgetKernels(
    { ...rig, settings, workflowIds: new Set(), ...changes },
    {
      file: rig.scratch.at('home', 'upkeep', 'kernels.json'),
      reading: { bootId: 'a', uptimeMs: hours * HOUR_MS, wallMs: 0 },
      graceMs: () => 24 * HOUR_MS,
      isDryRun: false,
    },
  );
}

test('forgetKernels() removes all records of a kernel after the grace, and no number of a build', async () => {
  await using rig = await makeDataRig();
  const [old, kept] = await fill(rig);
  const { records } = rig;

  assert.equal((await forget(rig, 0)).count, 0);
  assert.equal((await forget(rig, 23)).count, 0);
  assert.deepEqual((await forget(rig, 25)).names, [`lab ${old.release}`]);

  assert.deepEqual(await records.listKernels('lab'), [kept]);
  assert.equal(await records.readPlan(old), undefined);
  assert.equal(await records.readRollout(old), undefined);
  const cells = await records.listCells('lab');
  assert.deepEqual(
    cells.map(({ release }) => release),
    [kept.release],
  );
  const key = { stream: 'lab', release: old.release, kmod: 'jool' };
  assert.equal(await records.reserveBuildNumber(key, 'another run', 1), 8);
});

const SIGNED = { why: 'it eats disks', by: 'operator', at: NOW };

/** A gate that knows both kernels, as every gate does. */
function gateOf(release: string): GateRecord {
  const kernels = KERNELS.map((kernel) => {
    return {
      release: kernel.release,
      state: 'released',
      reason: '',
      since: NOW,
      waitsFor: [],
    } as const;
  });
  const view = {
    kind: 'served',
    snapshot: '1',
    releases: [release],
    packageCount: 1,
    at: NOW,
  } as const;
  return { schema: 1, stream: 'lab', decidedAt: NOW, rules: NO_RULES, kernels, view };
}

const GATED: readonly (readonly [string, number, (release: string) => Partial<GateRecord>])[] = [
  ['forgets a kernel that a gate let through and upstream has no more', 1, () => ({})],
  [
    'forgets a kernel that was promoted: it is decided about anew should it come back',
    1,
    (release) => ({
      rules: { ...NO_RULES, orders: [{ ...SIGNED, kind: 'promote', release }] },
    }),
  ],
  [
    'keeps a kernel that was recalled: it must not be shown should it come back',
    0,
    (release) => ({ rules: { ...NO_RULES, orders: [{ ...SIGNED, kind: 'recall', release }] } }),
  ],
  [
    'keeps a kernel that is frozen',
    0,
    (release) => ({
      rules: { ...NO_RULES, freezes: [{ ...SIGNED, subject: { kind: 'kernel', release } }] },
    }),
  ],
  [
    'keeps a kernel whose waiver covers newer ones',
    0,
    (release) => ({
      rules: { ...NO_RULES, waivers: [{ ...SIGNED, release, kmod: 'jool', until: NOW }] },
    }),
  ],
  [
    'keeps what was let through while the view cannot be written',
    0,
    () => ({ view: { kind: 'failed', reason: 'no space', at: NOW } }),
  ],
];

for (const [what, count, changes] of GATED) {
  test(`forgetKernels() ${what}`, async () => {
    await using rig = await makeDataRig();
    const [old] = await fill(rig);
    await rig.records.writeGate({ ...gateOf(old.release), ...changes(old.release) });
    const gated = settingsOf({ streams: [streamOf({ keepKernels: 1, gate: GATE })] });

    await forget(rig, 0, { settings: gated });
    assert.equal((await forget(rig, 25, { settings: gated })).count, count);
  });
}

test('forgetKernels() keeps a kernel that is worked on', async () => {
  await using rig = await makeDataRig();
  const [old] = await fill(rig);
  const workflowIds = new Set([`rebuild/jool/lab/${old.release}`]);

  for (const hours of [0, 48, 96]) {
    assert.equal((await forget(rig, hours, { workflowIds })).count, 0);
  }
});

test('forgetKernels() clears what a crash left of a kernel that was being forgotten', async () => {
  await using rig = await makeDataRig();
  const [old, kept] = await fill(rig);
  await rm(rig.data.kernelFile(old));

  await forget(rig, 0);
  assert.equal((await forget(rig, 25)).count, 1);

  const cells = await rig.records.listCells('lab');
  assert.deepEqual(
    cells.map(({ release }) => release),
    [kept.release],
  );
});
