import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type WorkflowHandle, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { Published } from '../../activities/identical-build.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import type { PlannedCell } from '../../model/plan.ts';
import type { BuildInputs } from '../../model/provenance.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rebuildId } from '../../model/workflow-ids.ts';
import type { RebuildInput, RebuildResult } from '../../model/workflow-messages.ts';
import { progressQuery } from '../../workflows/messages.ts';
import type { rebuildKmod } from '../../workflows/rebuild-kmod.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import {
  BUILDROOT,
  buildBadly,
  buildForever,
  buildWell,
  CAUSE,
  cellOf,
  goodFakes,
  inputOf,
  makeGate,
  packageOf,
  until,
  verifyWell,
} from './cells.ts';

/** Starts the rebuild of a cell, as the command does. */
export async function startRebuild(
  { client }: WorkflowRig,
  cell: PlannedCell,
  changes: Partial<RebuildInput> = {},
): Promise<WorkflowHandle<typeof rebuildKmod>> {
  return await client.workflow.start<typeof rebuildKmod>('rebuildKmod', {
    workflowId: rebuildId(cell),
    taskQueue: CONTROL_QUEUE,
    args: [inputOf(cell, changes)],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  });
}

/** Waits until a fake was called. */
export async function untilCalled(rig: WorkflowRig, call: string): Promise<void> {
  await until(() => rig.calls().includes(call));
}

async function rebuild(
  rig: WorkflowRig,
  cell: PlannedCell,
  changes: Partial<Fakes> = {},
): Promise<{ readonly result: RebuildResult; readonly recorded: unknown }> {
  const { fakes, recorded } = goodFakes([cell], changes);
  rig.use(fakes);
  const result = await (await startRebuild(rig, cell)).result();
  return { result, recorded: recorded.get(cell.kmod) };
}

export function testRebuildKmod(rig: WorkflowRig): void {
  test('rebuildKmod() plans, prepares, builds, verifies, signs, publishes and records', async () => {
    const cell = cellOf('jool', 'published');

    const { result, recorded } = await rebuild(rig, cell, {
      publishPackages: async () => ({ snapshot: '000001', packageCount: 1 }),
    });

    assert.deepEqual(rig.calls(), [
      'planCell jool',
      'prepareBuildroot',
      'buildKmod jool',
      'verifyBuild jool',
      'signPackages jool',
      'verifySigned jool',
      'publishPackages jool',
      'recordOutcome jool',
    ]);
    const { stream, kmod, release, verdict } = cell;
    const outcome = {
      kind: 'published',
      packages: [packageOf('jool', 'published')],
      repository: 'kmods',
      snapshot: '000001',
      build: {
        inputDigest: 'input',
        sourceDigest: 'source',
        buildNumber: 1,
        durationMs: 1000,
        modules: { sha256: '1'.repeat(64), sizeBytes: 2, moduleCount: 1 },
        attemptLog: 'logs/a.log',
      },
    };
    const { pace, ...end } = result;
    assert.deepEqual(end, { stream, kmod, release, verdict, outcome });
    assert.equal(pace?.[1], 1000);
    assert.ok((pace?.[0] ?? 0) >= 1000);
    assert.deepEqual(recorded, outcome);
  });

  test('rebuildKmod() publishes a signed statement with each package of a build that told its inputs', async () => {
    const cell = cellOf('jool', 'stated');
    const file = packageOf('jool', 'stated');
    const [statement, signature] = ['a', 'b'].map((digit) => {
      return { sha256: digit.repeat(64), sizeBytes: 1 };
    });
    assert.ok(statement && signature);
    const inputs: BuildInputs = {
      ...{ startedAt: '2026-11-23T12:00:00.000Z', dialect: 'elrepo', defines: {} },
      spec: { name: 'jool', sha256: 'c'.repeat(64) },
    };

    const { result, recorded } = await rebuild(rig, cell, {
      buildKmod: async (request) => {
        const end = await buildWell(request);
        return end.kind === 'built' ? { ...end, inputs } : end;
      },
      writeProvenance: async ({ build, packages }) => {
        assert.deepEqual(build.inputs, inputs);
        return packages.map((one) => ({ package: one, statement }));
      },
      signProvenance: async ({ stated }) => stated.map(() => signature),
      takeProvenance: async ({ stated, signatures: [first] }) => {
        assert.ok(first);
        return stated.map((one) => ({
          ...one.package,
          provenance: { statement: one.statement, signature: first },
        }));
      },
    });

    assert.deepEqual(rig.calls().slice(-5), [
      'verifySigned jool',
      ...['writeProvenance jool', 'signProvenance jool', 'takeProvenance jool'],
      'recordOutcome jool',
    ]);
    assert.ok(result.outcome.kind === 'published');
    assert.deepEqual(result.outcome.packages, [{ ...file, provenance: { statement, signature } }]);
    assert.deepEqual(recorded, result.outcome);
  });

  test('rebuildKmod() leaves what is published where the build gave the same again', async () => {
    const cell = cellOf('jool', 'identical', { verdict: { kind: 'rebuild', why: 'forced' } });
    const identical: Published = {
      kind: 'published',
      packages: [packageOf('jool', 'identical')],
      repository: 'kmods',
      snapshot: '000003',
      build: {
        ...{ inputDigest: 'old', sourceDigest: 'old', buildNumber: 7, durationMs: 5 },
        modules: { sha256: '2'.repeat(64), sizeBytes: 2, moduleCount: 1 },
        attemptLog: 'logs/old.log',
      },
    };

    const { result, recorded } = await rebuild(rig, cell, {
      verifyBuild: async (request) => {
        const end = await verifyWell(request);
        return end.kind === 'verified' ? { ...end, identical } : end;
      },
    });

    assert.deepEqual(rig.calls().slice(2), [
      'buildKmod jool',
      'verifyBuild jool',
      'recordOutcome jool',
    ]);
    // What went in is that of now, so that nothing is found to be rebuilt again.
    const { modules } = identical.build;
    assert.deepEqual(result.outcome, {
      ...identical,
      build: {
        ...{ inputDigest: 'input', sourceDigest: 'source', buildNumber: 7, durationMs: 1000 },
        modules: { ...modules, sha256: '1'.repeat(64) },
        attemptLog: 'logs/a.log',
      },
      isUnchanged: true,
    });
    assert.deepEqual(recorded, result.outcome);
  });

  test('rebuildKmod() takes plan and buildroot of a rollout', async () => {
    const cell = cellOf('jool', 'prepared');
    rig.use(goodFakes([]).fakes);

    const handle = await startRebuild(rig, cell, { prepared: { cell, buildroot: BUILDROOT } });

    assert.equal((await handle.result()).outcome.kind, 'published');
    assert.equal(rig.calls()[0], 'buildKmod jool');
  });

  test('rebuildKmod() says where it is', async () => {
    const cell = cellOf('jool', 'progress');
    const gate = makeGate();
    const verifyBuild: Fakes['verifyBuild'] = async () => {
      await gate.passed;
      return { kind: 'refused', problems: ['no'] };
    };
    rig.use(goodFakes([cell], { verifyBuild }).fakes);
    const handle = await startRebuild(rig, cell);
    await untilCalled(rig, 'verifyBuild jool');

    assert.deepEqual(await handle.query(progressQuery), { step: 'verify', verdict: cell.verdict });

    gate.open();
    await handle.result();
    assert.equal((await handle.query(progressQuery)).step, 'done');
  });

  test('rebuildKmod() ends well when the build fails, with its log and the reason', async () => {
    const cell = cellOf('jool', 'build-failed');

    const { result, recorded } = await rebuild(rig, cell, { buildKmod: buildBadly });

    assert.deepEqual(result.outcome, {
      kind: 'failed',
      step: 'build',
      why: 'exit',
      reason: 'jool.c:42:9: error: implicit declaration of function ‘strlcpy’',
      cause: CAUSE,
      attemptLog: 'logs/a',
      durationMs: 7,
      exitCode: 2,
    });
    assert.deepEqual(recorded, result.outcome);
    assert.ok(!rig.calls().includes('verifyBuild jool'));
  });

  test('rebuildKmod() shows in the UI what happens, what is to be done, and the symbols', async () => {
    const problem = { kind: 'lost', symbol: 'strlcpy', usedBy: 'jool', wantedCrc: 1 } as const;
    const problems = { lostCount: 1, refusedCount: 0, crcCount: 0, shown: [problem] };
    const verdict = { kind: 'broken', why: 'symbols-lost', donor: '6.1', problems } as const;
    const cell = cellOf('jool', 'details', { verdict });
    const { fakes } = goodFakes([cell], { buildKmod: buildBadly });
    rig.use(fakes);

    const handle = await startRebuild(rig, cell);
    await handle.result();
    const { currentDetails } = await handle.query<{ readonly currentDetails: string }>(
      '__temporal_workflow_metadata',
    );

    assert.match(currentDetails, /^\*\*jool could not be compiled for kernel details: the kernel/);
    assert.match(currentDetails, /strlcpy was exported by vmlinux .* and is gone in 6\.12/);
    assert.match(currentDetails, /^\| strlcpy \| lost \| 0x00000001 → none \|/m);
  });

  test('rebuildKmod() tells the verification what the dialect makes of the spec', async () => {
    const expected = {
      dialect: 'suse-kmp',
      name: '*-kmp-default',
      version: '*',
      directories: ['updates'],
      requires: [],
      newBuild: 'stands-beside',
    } as const;
    const seen: unknown[] = [];

    await rebuild(rig, cellOf('jool', 'expected'), {
      buildKmod: async (input) => ({ ...(await buildWell(input)), expected }) as const,
      async verifyBuild(input) {
        seen.push(input.expected);
        return await verifyWell(input);
      },
    });

    assert.deepEqual(seen, [expected]);
  });

  test('rebuildKmod() publishes nothing that verification refuses', async () => {
    const problems = ['jool.ko: no vermagic', 'jool: no CRC'];

    const { result, recorded } = await rebuild(rig, cellOf('jool', 'refused'), {
      verifyBuild: async () => ({ kind: 'refused', problems }),
    });

    assert.deepEqual(result.outcome, {
      kind: 'failed',
      step: 'verify',
      reason: 'jool.ko: no vermagic; jool: no CRC',
      attemptLog: 'logs/a.log',
      durationMs: 1000,
    });
    assert.deepEqual(recorded, result.outcome);
    assert.deepEqual(rig.calls().slice(-2), ['verifyBuild jool', 'recordOutcome jool']);
  });

  test('rebuildKmod() records what went wrong at each step, with its reason', async () => {
    const steps = ['prepare', 'build', 'verify', 'sign', 'publish'] as const;
    const cells = steps.map((step) => cellOf(step, `wrong-${step}`));
    const { fakes, recorded } = goodFakes(cells);
    // The name of the kmod says where it goes wrong.
    const failAt = (step: string, input: unknown): void => {
      if (!JSON.stringify(input).includes(`wrong-${step}`)) return;
      throw new NotFoundError('use', step, 'expected a key, found none');
    };
    rig.use({
      ...fakes,
      async prepareBuildroot(input) {
        failAt('prepare', input);
        return BUILDROOT;
      },
      async buildKmod(input) {
        failAt('build', input);
        return await buildWell(input);
      },
      async verifyBuild(input) {
        failAt('verify', input);
        return await verifyWell(input);
      },
      async signPackages(input) {
        failAt('sign', input);
        return input.packages;
      },
      async publishPackages(input) {
        failAt('publish', input);
        return { snapshot: '000001', packageCount: 1 };
      },
    });

    const handles = await Promise.all(cells.map((cell) => startRebuild(rig, cell)));
    const results = await Promise.all(handles.map((handle) => handle.result()));

    for (const { kmod, outcome } of results) {
      assert.ok(outcome.kind === 'failed');
      const reason = `Cannot use "${kmod}": expected a key, found none`;
      assert.deepEqual([outcome.step, outcome.reason], [kmod, reason]);
      assert.deepEqual(recorded.get(kmod), outcome);
    }
  });

  test('rebuildKmod() publishes nothing that the signer did not sign as it should', async () => {
    const cell = cellOf('jool', 'unsigned');
    const problem = 'jool.ko: expected a signature by CN=modules, found none';

    const { result, recorded } = await rebuild(rig, cell, { verifySigned: async () => [problem] });

    const { outcome } = result;
    assert.ok(outcome.kind === 'failed');
    assert.deepEqual([outcome.step, outcome.reason], ['sign', problem]);
    assert.deepEqual(recorded, outcome);
    assert.deepEqual(rig.calls().slice(-2), ['verifySigned jool', 'recordOutcome jool']);
  });

  test('signMetadata() gives the signature that the signer made', async () => {
    rig.use({ signMetadata: async ({ repository, repomd }) => `${repository}: ${repomd} signed` });

    const signature: string = await rig.client.workflow.execute('signMetadata', {
      workflowId: 'sign/kmods/1',
      taskQueue: CONTROL_QUEUE,
      args: [{ repository: 'kmods', repomd: '<repomd/>' }],
    });

    assert.equal(signature, 'kmods: <repomd/> signed');
  });

  test('rebuildKmod() keeps, excludes and blocks without touching a builder', async () => {
    const cells = [
      cellOf('kept', 'unbuilt', { verdict: { kind: 'keep', why: 'built-for-this-kernel' } }),
      cellOf('excluded', 'unbuilt', {
        verdict: { kind: 'excluded', why: 'kernel-too-new', limit: '6.1' },
      }),
      cellOf('blocked', 'unbuilt', { verdict: { kind: 'blocked', by: 'dahdi' } }),
    ];
    const { fakes, recorded } = goodFakes(cells);
    rig.use(fakes);

    for (const handle of await Promise.all(cells.map((cell) => startRebuild(rig, cell)))) {
      const { kmod, outcome } = await handle.result();

      assert.equal(outcome.kind, kmod);
      assert.deepEqual(recorded.get(kmod), outcome);
    }
    assert.ok(rig.calls().every((call) => /^(?:planCell|recordOutcome) /.test(call)));
  });

  test('rebuildKmod() records that it was cancelled, after the build has ended', async () => {
    const cell = cellOf('jool', 'cancelled');
    const { fakes, recorded } = goodFakes([cell], { buildKmod: buildForever });
    rig.use(fakes);
    const handle = await startRebuild(rig, cell);
    await untilCalled(rig, 'buildKmod jool');

    await handle.cancel();

    assert.deepEqual((await handle.result()).outcome, { kind: 'cancelled' });
    assert.deepEqual(recorded.get('jool'), { kind: 'cancelled' });
  });

  test('rebuildKmod() cannot be cancelled once its packages are handed over', async () => {
    const cell = cellOf('jool', 'cancelled-late');
    const gate = makeGate();
    const publishPackages: Fakes['publishPackages'] = async () => {
      await gate.passed;
      return { snapshot: '000007', packageCount: 1 };
    };
    const { fakes, recorded } = goodFakes([cell], { publishPackages });
    rig.use(fakes);
    const handle = await startRebuild(rig, cell);
    await untilCalled(rig, 'publishPackages jool');

    await handle.cancel();
    await delay(100);
    gate.open();

    // Otherwise they are served and nobody knows: the next build gets the same number and name.
    const { outcome } = await handle.result();
    assert.equal(outcome.kind === 'published' && outcome.snapshot, '000007');
    assert.equal(recorded.get('jool')?.kind, 'published');
  });

  test('rebuildKmod() started twice for a cell is one run', async () => {
    const cell = cellOf('jool', 'twice');
    const gate = makeGate();
    const buildKmod: Fakes['buildKmod'] = async () => {
      await gate.passed;
      return await buildBadly();
    };
    rig.use(goodFakes([cell], { buildKmod }).fakes);

    const handles = [await startRebuild(rig, cell), await startRebuild(rig, cell)];
    gate.open();
    const results = await Promise.all(handles.map((handle) => handle.result()));

    assert.deepEqual(results[0], results[1]);
    assert.equal(rig.calls().filter((call) => call === 'buildKmod jool').length, 1);
  });

  test('rebuildKmod() does not take a bug for the end of a build', async () => {
    const cell = cellOf('jool', 'bug');
    const { fakes, recorded } = goodFakes([cell]);
    // What a verify activity of another version might give; the workflow knows nothing of it.
    rig.use({ ...fakes, verifyBuild: async () => JSON.parse('null') });
    const handle = await startRebuild(rig, cell);
    await untilCalled(rig, 'verifyBuild jool');
    await delay(200);

    const { status } = await handle.describe();
    await handle.terminate();

    assert.equal(status.name, 'RUNNING');
    assert.equal(recorded.size, 0);
  });

  test('rebuildKmod() fails when the cell cannot be planned, with the reason', async () => {
    const cell = cellOf('jool', 'unplanned');
    const error = new ContentInvalidError('jool', 'expected a spec, found none');
    rig.use(goodFakes([cell], { planCell: () => Promise.reject(error) }).fakes);

    const handle = await startRebuild(rig, cell);

    await assert.rejects(handle.result(), (failure) => {
      assert.ok(failure instanceof Error && failure.cause instanceof Error);
      assert.match(String(failure.cause.cause), /expected a spec, found none/);
      return true;
    });
  });
}
