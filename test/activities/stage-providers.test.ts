import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { outcomeActivities } from '../../activities/outcomes.ts';
import { type StagedProviders, stageProviders } from '../../activities/stage-providers.ts';
import type { CellOutcome } from '../../model/cell.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig } from '../support/data-rig.ts';
import { INPUT, kernelOf, moduleOf, SOURCE } from '../support/plan-facts.ts';

const { signal } = new AbortController();
const RELEASE = '5.14.0-611.el9.x86_64';
const CELL: PlannedCell = {
  ...{ stream: 'lab', kmod: 'user', release: RELEASE, arch: 'x86_64', wave: 1 },
  verdict: { kind: 'rebuild', why: 'never-built' },
  needs: ['core'],
  ...{ required: true, sourceDigest: SOURCE, inputDigest: INPUT, buildNumber: 1 },
};
const FIXTURE = 'kmod-demo-1.0~rc1-1.bzdio.x86_64.rpm';
const BY_SPEC = { kmod: 'core', from: 'build-requires', what: 'kmod-core-devel' } as const;

async function addKernel(rig: DataRig): Promise<Kernel> {
  const text = '0x00000001\tprintk\tvmlinux\tEXPORT_SYMBOL\t\n';
  const symvers = { ...(await rig.store.addText(text)), symbolCount: 1 };
  const kernel = kernelOf('5.14.0-611.el9', { symvers });
  await rig.records.writeKernel(kernel);
  return kernel;
}

/** Publishes a build of `core` for the kernel, with the package of a fixture. */
async function publishCore(rig: DataRig, fileName: string): Promise<void> {
  const exports = [{ symbol: 'core_open', crc: 0xab, isGplOnly: true }] as const;
  const facts = await rig.store.addText(JSON.stringify([{ ...moduleOf('core'), exports }]));
  const file = await rig.store.addFile(fixturePath(`rpms/${fileName}`));
  const nevra = { name: 'kmod-core', epoch: 0, version: '1', release: '1', arch: 'x86_64' };
  const outcome: CellOutcome = {
    kind: 'published',
    packages: [{ fileName, nevra, ...file }],
    ...{ repository: 'kmods', snapshot: '000001' },
    build: {
      ...{ inputDigest: 'core input', sourceDigest: SOURCE, buildNumber: 1, durationMs: 1 },
      modules: { ...facts, moduleCount: 1 },
      attemptLog: 'logs/a.log',
    },
  };
  const { recordOutcome } = outcomeActivities(rig);
  await inActivity(() => recordOutcome({ ...CELL, kmod: 'core', outcome }));
}

async function stage(rig: DataRig, changes: Partial<PlannedCell>): Promise<StagedProviders> {
  const kernel = await addKernel(rig);
  await publishCore(rig, FIXTURE);
  const directory = rig.scratch.at('staging');
  return await stageProviders(kernel, { ...CELL, ...changes }, { ...rig, directory, signal });
}

test('stageProviders() gives what a published provider exports, and tells which build it was', async () => {
  await using rig = await makeDataRig();

  assert.deepEqual(await stage(rig, { needReasons: [{ kmod: 'core', from: 'inventory' }] }), {
    extraSymbols: '0x000000ab\tcore_open\textra/core\tEXPORT_SYMBOL_GPL\t\n',
    given: { core: 'core input' },
  });
});

test('stageProviders() gives packages of a provider that the spec requires, as a repository', async () => {
  await using rig = await makeDataRig();

  const { staging } = await stage(rig, { needReasons: [BY_SPEC] });

  assert.ok(staging);
  assert.equal(staging.release, RELEASE);
  assert.deepEqual((await readdir(staging.directory)).sort(), [FIXTURE, 'repodata'].sort());
});

test('stageProviders() gives nothing of a provider that has no build for the kernel', async () => {
  await using rig = await makeDataRig();

  assert.deepEqual(await stage(rig, { needs: ['other'] }), {});
});

test('stageProviders() gives nothing to a kmod that needs none', async () => {
  await using rig = await makeDataRig();

  assert.deepEqual(await stage(rig, { needs: [] }), {});
});
