import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { type ExplainedFailure, explainFailure } from '../../activities/explain-failure.ts';
import { openSymversReader } from '../../activities/symvers-reader.ts';
import type { CellOutcome, CellRecord } from '../../model/cell.ts';
import type { Kernel } from '../../model/kernel.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { type DataRig, makeDataRig, NOW } from '../support/data-rig.ts';
import { INPUT, kernelOf, publishedOf, SOURCE } from '../support/plan-facts.ts';

const LOG = `  CC [M]  /b/x.o
/b/x.c:7:9: error: implicit declaration of function ‘strlcpy’; did you mean ‘strscpy’?
make[1]: *** [scripts/Makefile.build:250: /b/x.o] Error 1
`;
const STRLCPY = '0x00000001\tstrlcpy\tvmlinux\tEXPORT_SYMBOL\t\n';
const STRSCPY = '0x00000002\tstrscpy\tvmlinux\tEXPORT_SYMBOL\t\n';

async function writeKernel(rig: DataRig, evr: string, symvers: string): Promise<Kernel> {
  const kernel = kernelOf(evr, {
    symvers: { ...(await rig.store.addText(symvers)), symbolCount: 1 },
  });
  await rig.records.writeKernel(kernel);
  return kernel;
}

async function writeCell(
  rig: DataRig,
  { stream, release, arch }: Kernel,
  ended: Pick<CellRecord, 'outcome' | 'lastBuild'>,
): Promise<void> {
  await rig.records.writeCell({
    stream,
    release,
    arch,
    kmod: 'jool',
    verdict: { kind: 'rebuild', why: 'never-built' },
    ...ended,
    updatedAt: NOW,
    workflowId: 'w',
    runId: 'r',
  });
}

async function writeBuild(rig: DataRig, kernel: Kernel): Promise<void> {
  const modules = { ...(await rig.store.addText('[]')), moduleCount: 0 };
  const lastBuild = publishedOf(modules);
  await writeCell(rig, kernel, { outcome: lastBuild, lastBuild });
}

async function explain(
  rig: DataRig,
  kernel: Kernel,
  why: 'exit' | 'timeout' = 'exit',
  text: string = LOG,
): Promise<ExplainedFailure> {
  const cell: PlannedCell = {
    stream: kernel.stream,
    release: kernel.release,
    arch: kernel.arch,
    kmod: 'jool',
    verdict: { kind: 'rebuild', why: 'never-built' },
    wave: 0,
    needs: [],
    required: true,
    sourceDigest: SOURCE,
    inputDigest: INPUT,
    buildNumber: 1,
  };
  const log = rig.scratch.at('build.log');
  await writeFile(log, text);
  const readSymvers = openSymversReader(rig.store);
  return await explainFailure({ cell, kernel, why, log }, { records: rig.records, readSymvers });
}

test('explainFailure() compares with the kernel of the newest other build', async () => {
  await using rig = await makeDataRig();
  const built = await writeKernel(rig, '5.14.0-610', STRLCPY);
  await writeBuild(rig, built);
  await writeKernel(rig, '5.14.0-611', STRSCPY);
  const kernel = await writeKernel(rig, '5.14.0-612', STRSCPY);
  await writeBuild(rig, kernel);

  const { reason, cause } = await explain(rig, kernel);

  assert.match(reason, /^\/b\/x\.c:7:9: error: implicit declaration/);
  assert.deepEqual([cause?.before, cause?.after], [built.release, kernel.release]);
  assert.equal(cause?.errors[0]?.symbol, 'strlcpy');
});

test('explainFailure() compares a kmod without builds with the kernel before', async () => {
  await using rig = await makeDataRig();
  const before = await writeKernel(rig, '5.14.0-611', STRLCPY);
  const kernel = await writeKernel(rig, '5.14.0-612', STRSCPY);
  await writeKernel(rig, '5.14.0-613', STRLCPY);

  assert.equal((await explain(rig, kernel)).cause?.before, before.release);
  assert.equal((await explain(rig, before)).cause, undefined);
});

test('explainFailure() blames no change since a kernel for which the source did not compile', async () => {
  await using rig = await makeDataRig();
  const before = await writeKernel(rig, '5.14.0-611', STRLCPY);
  const outcome: CellOutcome = { kind: 'failed', step: 'build', reason: LOG, durationMs: 1 };
  await writeCell(rig, before, { outcome });
  const kernel = await writeKernel(rig, '5.14.0-612', STRSCPY);

  const { reason, cause } = await explain(rig, kernel);

  assert.match(reason, /strlcpy/);
  assert.equal(cause, undefined);
});

test('explainFailure() gives the log’s error alone where the other kernel cannot be read', async () => {
  await using rig = await makeDataRig();
  const before = await writeKernel(rig, '5.14.0-611', STRLCPY);
  const kernel = await writeKernel(rig, '5.14.0-612', STRSCPY);
  await truncate(rig.store.pathOf(before.symvers.sha256), 3);

  const { reason, cause } = await explain(rig, kernel);

  assert.match(reason, /strlcpy/);
  assert.equal(cause, undefined);
});

test('explainFailure() names the limit that a build hit, and looks for nothing in its log', async () => {
  await using rig = await makeDataRig();
  await writeKernel(rig, '5.14.0-611', STRLCPY);
  const kernel = await writeKernel(rig, '5.14.0-612', STRSCPY);

  assert.deepEqual(await explain(rig, kernel, 'timeout'), {
    reason: 'the build did not end within limits.buildTimeout and was stopped',
  });
});

test('explainFailure() gives the sentence of a spec that took another kernel, and no cause', async () => {
  await using rig = await makeDataRig();
  await writeKernel(rig, '5.14.0-611', STRLCPY);
  const kernel = await writeKernel(rig, '5.14.0-612', STRSCPY);
  const sentence = 'the spec defines kversion itself (line 3): expected 5.14.0-612, found 5.13';
  const log = `error: line 2: Unknown tag: x\nerror: rekmod: ${sentence}\n${LOG}`;

  assert.deepEqual(await explain(rig, kernel, 'exit', log), { reason: sentence });
});
