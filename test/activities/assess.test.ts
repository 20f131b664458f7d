import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { type AssessDeps, assessActivities, assessKernel } from '../../activities/assess.ts';
import { openSymversReader } from '../../activities/symvers-reader.ts';
import { StreamUnreachableError } from '../../model/activity-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { Kmod } from '../../model/kmod.ts';
import { readFixtureText } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, settingsOf } from '../support/data-rig.ts';
import { findFreePort } from '../support/http-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';

const { signal } = new AbortController();

async function addKernel(rig: DataRig): Promise<Kernel> {
  const symvers = { ...(await rig.store.addText('')), symbolCount: 0 };
  const kernel = kernelOf('5.14.0-611.el9', { symvers });
  await rig.records.writeKernel(kernel);
  return kernel;
}

async function addSpec(rig: DataRig): Promise<Kmod> {
  const spec = rig.scratch.at('good.spec');
  await writeFile(spec, readFixtureText('specs/elrepo9.spec'));
  return kmodOf('good', { source: { kind: 'spec', spec, sources: rig.scratch.path } });
}

/** A DKMS source with lines of its own. */
async function addDkms(rig: DataRig, name: string, lines: string): Promise<Kmod> {
  const path = rig.scratch.at(`dkms-${name}`);
  await mkdir(path);
  const conf = `PACKAGE_NAME=${name}\nPACKAGE_VERSION=1\nDEST_MODULE_LOCATION=/extra\n${lines}\n`;
  await writeFile(join(path, 'dkms.conf'), conf);
  return kmodOf(name, { source: { kind: 'dkms', path }, dialect: 'auto' });
}

/** A kmod whose server is down. */
async function addUnreachable(): Promise<Kmod> {
  const url = `git://127.0.0.1:${await findFreePort()}/x.git`;
  const source = { kind: 'git', url, ref: { kind: 'head' }, hasSubmodules: false } as const;
  return kmodOf('away', { source });
}

function depsOf(rig: DataRig, kmods: readonly Kmod[]): AssessDeps {
  return { ...rig, settings: settingsOf({ kmods }), readSymvers: openSymversReader(rig.store) };
}

test('assessKernel() excludes kernels that a DKMS source is not for', async () => {
  await using rig = await makeDataRig();
  const kernel = await addKernel(rig);
  const kmods = [
    await addDkms(rig, 'all', ''),
    await addDkms(rig, 'newer', 'BUILD_EXCLUSIVE_KERNEL_MIN=6.2'),
    await addDkms(rig, 'other', 'BUILD_EXCLUSIVE_CONFIG=CONFIG_X'),
    await addDkms(rig, 'fitting', 'BUILD_EXCLUSIVE_CONFIG="CONFIG_PCI !CONFIG_X"'),
  ];
  const readKernelOptions = async () => new Set(['CONFIG_PCI']);

  const { plan } = await assessKernel(
    { ...kernel, forced: [] },
    { ...depsOf(rig, kmods), readKernelOptions },
    signal,
  );

  assert.deepEqual(
    plan.cells.map(({ kmod, verdict }) => [
      kmod,
      'limit' in verdict ? verdict.limit : verdict.kind,
    ]),
    [
      ['all', 'rebuild'],
      ['fitting', 'rebuild'],
      ['newer', 'BUILD_EXCLUSIVE_KERNEL_MIN="6.2"'],
      ['other', 'BUILD_EXCLUSIVE_CONFIG="CONFIG_X"'],
    ],
  );
});

test('assessKernel() asks for a kernel’s options only where a source does', async () => {
  await using rig = await makeDataRig();
  const kernel = await addKernel(rig);
  const kmods = [await addSpec(rig), await addDkms(rig, 'all', '')];
  const readKernelOptions = () => assert.fail('nobody asked');

  const { plan } = await assessKernel(
    { ...kernel, forced: [] },
    { ...depsOf(rig, kmods), readKernelOptions },
    signal,
  );

  assert.equal(plan.cells.length, 2);
});

test('assessKernel() judges the others where the server of one source is down', async () => {
  await using rig = await makeDataRig();
  const kernel = await addKernel(rig);
  const deps = depsOf(rig, [await addUnreachable(), await addSpec(rig)]);

  const { plan, unreadable } = await assessKernel({ ...kernel, forced: [] }, deps, signal);

  assert.deepEqual(
    plan.cells.map(({ kmod }) => kmod),
    ['good'],
  );
  assert.match(unreadable[0]?.reason ?? '', /^Cannot fetch "git:\/\/127\.0\.0\.1:/);
});

test('planKernel() waits for a server that is down before it goes on without', async () => {
  await using rig = await makeDataRig();
  const kernel = await addKernel(rig);
  const { planKernel, planCell } = assessActivities(depsOf(rig, [await addUnreachable()]));
  const request = { ...kernel, forced: [] };

  await assert.rejects(
    inActivity(() => planKernel(request)),
    StreamUnreachableError,
  );
  await assert.rejects(
    inActivity(() => planCell({ ...request, kmod: 'away' })),
    StreamUnreachableError,
  );
});
