import assert from 'node:assert/strict';
import test from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import type { StreamLook } from '../../activities/watch.ts';
import { ContentInvalidError, StreamUnreachableError } from '../../model/activity-errors.ts';
import type { CellOutcome } from '../../model/cell.ts';
import { ImageMissingError } from '../../model/engine-errors.ts';
import type { Deferral } from '../../model/failure-memory.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rolloutId } from '../../model/workflow-ids.ts';
import type { RolloutInput, RolloutResult } from '../../model/workflow-messages.ts';
import { orderKernels, type WaitingKernel } from '../../plan/order-kernels.ts';
import { nameOffer } from '../../plan/order-work.ts';
import type { followStream } from '../../workflows/follow-stream.ts';
import { kernelOf } from '../support/plan-facts.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import { buildWell, cellOf, goodFakes, OPTIONS, planOf } from './cells.ts';
import { offerOf } from './follow-stream.cases.ts';

async function follow(
  rig: WorkflowRig,
  look: StreamLook,
  fakes: Partial<Fakes>,
): Promise<readonly string[]> {
  const { client } = rig;
  rig.use({
    ...fakes,
    async lookAtStream() {
      return look;
    },
    async storeKernel({ offer }) {
      return kernelOf(`5.14.0-${offer.evr.release}`);
    },
    async acknowledgeLook() {},
  });
  const { started } = await client.workflow.execute<typeof followStream>('followStream', {
    workflowId: `stream/lab-${performance.now()}`,
    taskQueue: CONTROL_QUEUE,
    args: [{ stream: 'lab', title: 'Lab', options: OPTIONS }],
  });
  for (const id of started) await client.workflow.getHandle(id).result();
  return started;
}

async function rollOut(
  { client }: WorkflowRig,
  release: string,
  changes: Partial<RolloutInput> = {},
): Promise<RolloutResult> {
  return await client.workflow.execute<(input: RolloutInput) => Promise<RolloutResult>>(
    'rolloutKernel',
    {
      workflowId: rolloutId({ stream: 'lab', release }),
      taskQueue: CONTROL_QUEUE,
      args: [
        { stream: 'lab', release, trigger: 'command', forced: [], options: OPTIONS, ...changes },
      ],
    },
  );
}

const BEFORE: Deferral = {
  ...{ why: 'failed-before', step: 'build', reason: 'x.c:1: error: no' },
  ...{ failedAt: '2026-11-23T06:00:00.000Z', retryAt: '2026-11-30T06:00:00.000Z' },
};

export function testFailures(rig: WorkflowRig): void {
  test('followStream() has a storm of 30 kernels built by urgency: security, newest, backfill', async () => {
    const offers = Array.from({ length: 30 }, (_, index) => offerOf(`storm.${index + 1}`));
    const waiting = offers.map((offer, index): WaitingKernel => {
      const kernel = {
        name: nameOffer(offer),
        flavour: 'default',
        evr: offer.evr,
        hasRequired: true,
      };
      return index === 6 ? { ...kernel, severity: 'critical' } : kernel;
    });
    const order = orderKernels(waiting, []).map(({ name }) => name);
    const built: string[] = [];
    const { fakes } = goodFakes([], {
      async planKernel({ release }) {
        const cells = [
          cellOf('a-optional', release, { required: false, expectedSeconds: 900 }),
          cellOf('b-required', release, { expectedSeconds: 1 }),
        ];
        return { plan: planOf(release, cells), unreadable: [] };
      },
      async buildKmod(input) {
        built.push(`${input.cell.release} ${input.cell.kmod}`);
        return await buildWell(input);
      },
    });
    const look: StreamLook = {
      ...{ message: '30 kernels are offered', isChanged: true, unfinished: [], due: [], order },
      // A look lists them oldest first.
      ...{ newKernels: offers, validators: {} },
    };

    await follow(rig, look, fakes);

    const rest = Array.from({ length: 29 }, (_, index) => 29 - index).filter((n) => n !== 7);
    const expected = [30, 7, ...rest].map((n) => `5.14.0-storm.${n}.x86_64`);
    assert.deepEqual([...new Set(built.map((cell) => cell.split(' ')[0]))], expected);
    assert.equal(built.length, 60);
  });

  test('followStream() has what has come to its time tried again, and nothing else', async () => {
    const release = '5.14.0-due.x86_64';
    const cells = [cellOf('due', release), cellOf('other', release)];
    const { fakes, recorded } = goodFakes(cells);
    const due = [{ release, arch: 'x86_64', flavour: 'default', kmods: ['due'] }];
    const look: StreamLook = {
      ...{ message: 'Nothing has changed', isChanged: false, newKernels: [], unfinished: [] },
      ...{ due, order: [release], validators: {} },
    };

    const started = await follow(rig, look, fakes);

    assert.deepEqual(started, [rolloutId({ stream: 'lab', release })]);
    assert.deepEqual([...recorded.keys()], ['due']);
    assert.equal(recorded.get('due')?.kind, 'published');
  });

  test('followStream() goes on with kernels that are in the store while the mirror is away', async () => {
    const release = '5.14.0-away.x86_64';
    const { fakes, recorded } = goodFakes([cellOf('due', release)]);
    const due = [{ release, arch: 'x86_64', flavour: 'default', kmods: ['due'] }];
    rig.use({
      ...fakes,
      async lookAtStream() {
        throw new ContentInvalidError('repomd.xml', 'expected metadata, found a page for people');
      },
      async findStoredWork() {
        return { unfinished: [], due, order: [release] };
      },
    });

    const look = rig.client.workflow.execute<typeof followStream>('followStream', {
      workflowId: `stream/lab-${performance.now()}`,
      taskQueue: CONTROL_QUEUE,
      args: [{ stream: 'lab', title: 'Lab', options: OPTIONS }],
    });

    await assert.rejects(look, WorkflowFailedError);
    await rig.client.workflow.getHandle(rolloutId({ stream: 'lab', release })).result();
    assert.equal(recorded.get('due')?.kind, 'published');
  });

  test('rolloutKernel() does not build what is put off, and records why', async () => {
    const cells = [cellOf('again', 'put-off', { deferral: BEFORE }), cellOf('good', 'put-off')];
    const { fakes, recorded } = goodFakes(cells);
    rig.use(fakes);

    const { builtCount, failedCount } = await rollOut(rig, 'put-off');

    assert.deepEqual([builtCount, failedCount], [1, 1]);
    assert.deepEqual(recorded.get('again'), { kind: 'deferred', deferral: BEFORE });
    assert.ok(!rig.calls().includes('buildKmod again'));
  });

  test('rolloutKernel() keeps to the budget, required kmods first', async () => {
    const cells = [
      cellOf('a', 'budget', { required: false, expectedSeconds: 60 }),
      cellOf('b', 'budget', { expectedSeconds: 60 }),
    ];
    const { fakes, recorded } = goodFakes(cells);
    rig.use(fakes);

    await rollOut(rig, 'budget', { options: { ...OPTIONS, rolloutBudgetMs: 60_000 } });

    assert.equal(recorded.get('b')?.kind, 'published');
    const deferral = { why: 'over-budget', budgetMs: 60_000 };
    assert.deepEqual(recorded.get('a'), { kind: 'deferred', deferral });
  });

  test('rebuildKmod() says what else than the kmod is at fault', async () => {
    const cells = [cellOf('a', 'trouble')];
    const { fakes, recorded } = goodFakes(cells, {
      async buildKmod() {
        throw new ImageMissingError('image', 'target', 'docker pull image');
      },
    });
    rig.use(fakes);

    await rollOut(rig, 'trouble');

    assert.equal(troubleIn(recorded.get('a')), 'configuration');
  });

  test('rebuildKmod() makes a call again that fails for passing trouble, and then succeeds', async () => {
    let attempts = 0;
    const { fakes, recorded } = goodFakes([cellOf('a', 'passing')], {
      async buildKmod(input) {
        attempts += 1;
        if (attempts === 1) throw new StreamUnreachableError('http://mirror', 'found 503');
        return await buildWell(input);
      },
    });
    rig.use(fakes);

    await rollOut(rig, 'passing');

    assert.deepEqual([attempts, recorded.get('a')?.kind], [2, 'published']);
  });
}

function troubleIn(outcome: CellOutcome | undefined): string | undefined {
  return outcome?.kind === 'failed' ? outcome.trouble : undefined;
}
