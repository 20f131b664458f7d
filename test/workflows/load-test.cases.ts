import assert from 'node:assert/strict';
import test from 'node:test';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { CellOutcome } from '../../model/cell.ts';
import type { LoadTestMode } from '../../model/kmod.ts';
import type { LoadTestReport } from '../../model/load-test.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import { buildForever, cellOf, goodFakes } from './cells.ts';
import { startRebuild, untilCalled } from './rebuild-kmod.cases.ts';

const LOADED: LoadTestReport = {
  kind: 'tested',
  isGood: true,
  release: '6.1.0-55-amd64',
  accelerator: 'tcg',
  durationMs: 2300,
  end: { kind: 'completed' },
  modules: [],
  moduleCount: 1,
  helpers: [],
  refusedHelpers: [],
};
const REFUSED: LoadTestReport = {
  ...LOADED,
  isGood: false,
  modules: [
    {
      name: 'jool',
      load: { kind: 'refused', errno: 'ENOENT', sentences: ['jool: Unknown symbol x (err -2)'] },
    },
  ],
};
const REASON = 'the kernel refused jool (ENOENT): jool: Unknown symbol x (err -2)';

async function rebuild(
  rig: WorkflowRig,
  cell: { readonly release: string; readonly loadTest: LoadTestMode },
  testLoading: Fakes['testLoading'],
): Promise<CellOutcome> {
  const planned = cellOf('jool', cell.release, { loadTest: cell.loadTest });
  rig.use(goodFakes([planned], { testLoading }).fakes);
  return (await (await startRebuild(rig, planned)).result()).outcome;
}

function stationsOf(rig: WorkflowRig): readonly string[] {
  return rig.calls().map((call) => call.split(' ')[0] ?? '');
}

export function testLoadStation(rig: WorkflowRig): void {
  test('rebuildKmod() loads what was verified before it is signed, where the kmod asks for it', async () => {
    const cell = { release: 'load-good', loadTest: 'require' } as const;

    const outcome = await rebuild(rig, cell, async () => LOADED);

    assert.deepEqual(stationsOf(rig).slice(2), [
      ...['buildKmod', 'verifyBuild', 'testLoading', 'signPackages', 'verifySigned'],
      'recordOutcome',
    ]);
    assert.ok(outcome.kind === 'published');
    assert.deepEqual(outcome.build.loadTest, LOADED);
  });

  test('rebuildKmod() signs nothing that the kernel refuses, where loading is required', async () => {
    const cell = { release: 'load-bad', loadTest: 'require' } as const;

    const outcome = await rebuild(rig, cell, async () => REFUSED);

    assert.deepEqual(outcome, {
      kind: 'failed',
      step: 'load',
      reason: REASON,
      attemptLog: 'logs/a.log',
      durationMs: 1000,
      loadTest: REFUSED,
    });
    assert.deepEqual(stationsOf(rig).slice(-2), ['testLoading', 'recordOutcome']);
  });

  test('rebuildKmod() publishes what the kernel refuses with the report, where that is all', async () => {
    const cell = { release: 'load-report', loadTest: 'report' } as const;

    const outcome = await rebuild(rig, cell, async () => REFUSED);

    assert.ok(outcome.kind === 'published');
    assert.deepEqual(outcome.build.loadTest, REFUSED);
  });

  test('rebuildKmod() takes a kernel that does not boot for no proof, where loading is required', async () => {
    const cell = { release: 'load-no-boot', loadTest: 'require' } as const;

    const outcome = await rebuild(rig, cell, async () => ({ kind: 'not-tested', why: 'dark' }));

    assert.ok(outcome.kind === 'failed');
    assert.deepEqual(
      [outcome.step, outcome.reason],
      ['load', 'not tested in the real kernel: dark'],
    );
  });

  test('rebuildKmod() tells why a test could not be made, and stops only where loading is required', async () => {
    const missing = async (): Promise<LoadTestReport> => {
      throw new NotFoundError('run', 'qemu', 'expected QEMU, found none');
    };

    const report = await rebuild(rig, { release: 'no-qemu-report', loadTest: 'report' }, missing);
    const require = await rebuild(
      rig,
      { release: 'no-qemu-require', loadTest: 'require' },
      missing,
    );

    const why = 'Cannot run "qemu": expected QEMU, found none';
    assert.ok(report.kind === 'published' && require.kind === 'failed');
    assert.deepEqual(report.build.loadTest, { kind: 'not-tested', why });
    assert.deepEqual([require.step, require.reason], ['load', why]);
  });

  test('rebuildKmod() is cancelled in the middle of a load test, in either mode', async () => {
    for (const loadTest of ['report', 'require'] as const) {
      const cell = cellOf('jool', `load-cancelled-${loadTest}`, { loadTest });
      const testLoading = (): Promise<LoadTestReport> => buildForever().then(() => LOADED);
      rig.use(goodFakes([cell], { testLoading }).fakes);
      const handle = await startRebuild(rig, cell);
      await untilCalled(rig, 'testLoading jool');

      await handle.cancel();

      assert.deepEqual((await handle.result()).outcome, { kind: 'cancelled' });
    }
  });
}
