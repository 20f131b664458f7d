import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { gatherMarks } from '../../activities/gather-marks.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import type { CellOutcome } from '../../model/cell.ts';
import type { Kernel } from '../../model/kernel.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { INPUT, kernelOf, kmodOf, moduleOf, SOURCE } from '../support/plan-facts.ts';

const KERNEL = '5.14.0-611.x86_64';

async function addBuild(rig: DataRig, { stream, release, arch }: Kernel): Promise<void> {
  const modules = await rig.store.addText(JSON.stringify([moduleOf('jool')]));
  const module = { module: 'jool', path: '/x', uses: [['kfree', ['jool_exit']]] };
  const build = {
    ...{ inputDigest: INPUT, sourceDigest: SOURCE, buildNumber: 1, durationMs: 1 },
    modules: { ...modules, moduleCount: 1 },
    uses: await rig.store.addText(JSON.stringify([module])),
    attemptLog: 'logs/a.log',
  };
  const published = {
    kind: 'published',
    packages: [],
    repository: 'kmods',
    snapshot: '1',
  } as const;
  const lastBuild: Extract<CellOutcome, { kind: 'published' }> = { ...published, build };
  await rig.records.writeCell({
    ...{ stream, release, arch, kmod: 'jool', outcome: lastBuild, lastBuild },
    verdict: { kind: 'rebuild', why: 'never-built' },
    ...{ updatedAt: NOW, workflowId: 'w', runId: 'r' },
  });
}

async function makeRig(): Promise<DataRig> {
  const rig = await makeDataRig();
  await rig.records.writeKernel(kernelOf('5.14.0-611'));
  await rig.records.writeKernel(kernelOf('5.14.0-612'));
  return rig;
}

function depsOf(rig: DataRig, stablelist?: string) {
  const stream = streamOf(stablelist === undefined ? {} : { stablelist });
  return {
    settings: settingsOf({ streams: [stream], kmods: [kmodOf('jool')] }),
    records: rig.records,
  };
}

test('gatherMarks() takes the lists of the stream that has a kernel', async () => {
  await using rig = await makeRig();
  const list = rig.scratch.at('stable');
  await writeFile(list, '\tkfree\n');
  const deps = depsOf(rig, list);

  const named = await gatherMarks({ kernels: ['/a/Module.symvers', KERNEL] }, deps);
  const files = await gatherMarks({ kernels: ['/a', '/b'] }, deps);

  assert.deepEqual([...(named.marks.stablelist ?? [])], ['kfree']);
  assert.deepEqual(files, { marks: {} });
  await writeFile(list, 'broken\n');
  await assert.rejects(gatherMarks({ kernels: [KERNEL] }, deps), ContentInvalidError);
});

test('gatherMarks() finds a kmod’s newest build with the functions that use symbols', async () => {
  await using rig = await makeRig();
  const [older, newer] = await rig.records.listKernels('lab');
  for (const kernel of [older, newer]) if (kernel) await addBuild(rig, kernel);

  const { marks, build } = await gatherMarks({ kernels: [KERNEL], kmod: 'jool' }, depsOf(rig));

  assert.equal(build?.release, newer?.release);
  assert.deepEqual(marks.build?.uses?.get('jool')?.get('kfree'), ['jool_exit']);
  assert.equal(marks.build?.modules[0]?.name, 'jool');
});

test('gatherMarks() refuses a kmod without a build, and unknown names', async () => {
  await using rig = await makeRig();
  const deps = depsOf(rig);

  await assert.rejects(
    gatherMarks({ kernels: [KERNEL], kmod: 'jool' }, deps),
    /Cannot compare for "jool": expected a build of it for a kernel of lab, found none/,
  );
  await assert.rejects(gatherMarks({ kernels: [], kmod: 'joo' }, deps), NotFoundError);
  await assert.rejects(gatherMarks({ kernels: [], stream: 'x' }, deps), NotFoundError);
});
