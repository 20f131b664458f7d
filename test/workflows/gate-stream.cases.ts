import assert from 'node:assert/strict';
import test from 'node:test';
import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { gateStart } from '../../activities/gate/gate-start.ts';
import { StreamUnreachableError } from '../../model/activity-errors.ts';
import type { CellState } from '../../model/cell-state.ts';
import { type GatedKernel, type GateRules, isOpen, NO_RULES } from '../../model/gate.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { gateId, publisherId } from '../../model/workflow-ids.ts';
import type { GateAnswer, GateInput } from '../../model/workflow-messages.ts';
import { decideGate } from '../../plan/decide-gate.ts';
import {
  configureSignal,
  freezeUpdate,
  lookAgainSignal,
  promoteUpdate,
  recallUpdate,
  rollBackUpdate,
  thawUpdate,
  waiveUpdate,
} from '../../workflows/messages.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import { cellOf, goodFakes, OPTIONS, until } from './cells.ts';
import { startRebuild } from './rebuild-kmod.cases.ts';

const SIGNED = { why: 'the test says so', by: 'ada' };

/** A data directory in memory: what the gate's activities see and write. */
interface GateWorld {
  readonly fakes: Partial<Fakes>;
  readonly cells: Map<string, CellState>;
  /** What the last decision was, and what is served. */
  kernels: readonly GatedKernel[];
  rules: GateRules;
  readonly served: (readonly string[])[];
}

/** A stream with the kernels of the given cells, each of which is for `wireguard`. */
function worldOf(
  cells: Readonly<Record<string, CellState>>,
  changes: Partial<Fakes> = {},
): GateWorld {
  const world: GateWorld = {
    cells: new Map(Object.entries(cells)),
    kernels: [],
    rules: NO_RULES,
    served: [],
    fakes: {
      openGate: async () => world.rules,
      async judgeGate({ rules }) {
        const { kernels, nextAt } = decideGate({
          now: new Date().toISOString(),
          graceMs: 0,
          fastLane: { severities: [], skip: 'optional' },
          rules,
          kernels: [...world.cells].map(([release, state]) => ({
            release,
            foundAt: '2026-01-01T00:00:00.000Z',
            cells: [{ kmod: 'wireguard', isRequired: true, state, why: state }],
          })),
          before: world.kernels,
        });
        world.kernels = kernels;
        world.rules = rules;
        const end = nextAt === undefined ? {} : { nextAt };
        return { kind: 'decided', kernels, rules, kmods: ['wireguard'], ...end };
      },
      async serveView({ releases }) {
        world.served.push(releases);
        const snapshot = `${world.served.length}`.padStart(6, '0');
        return { snapshot, packageCount: 10, releases };
      },
      async recordView() {},
      async rebuildThawed() {},
      ...changes,
    },
  };
  return world;
}

async function ask<Request>(
  { client }: WorkflowRig,
  stream: string,
  update: UpdateDefinition<GateAnswer, [Request]>,
  request: Request,
): Promise<GateAnswer> {
  return await client.workflow.executeUpdateWithStart(update, {
    args: [request],
    startWorkflowOperation: new WithStartWorkflowOperation<(input: GateInput) => Promise<void>>(
      'gateStream',
      {
        ...gateStart(stream, OPTIONS),
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      },
    ),
  });
}

async function lookAgain({ client }: WorkflowRig, stream: string): Promise<void> {
  await client.workflow.signalWithStart('gateStream', {
    ...gateStart(stream, OPTIONS),
    signal: lookAgainSignal,
    signalArgs: [],
  });
}

async function end({ client }: WorkflowRig, stream: string): Promise<void> {
  await client.workflow.getHandle(gateId(stream)).terminate();
}

async function refusal(asked: Promise<GateAnswer>): Promise<string> {
  const error = await asked.then(
    () => assert.fail('expected a refusal'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof WorkflowUpdateFailedError, String(error));
  return error.cause?.message ?? '';
}

export function testGateStream(rig: WorkflowRig): void {
  test('gateStream() lets a kernel through as soon as it is told that its kmod is there', async () => {
    const world = worldOf({ k1: 'built', k2: 'failed' });
    rig.use(world.fakes);
    await lookAgain(rig, 'told');
    await until(() => world.served.length === 1);
    world.cells.set('k2', 'built');

    await lookAgain(rig, 'told');
    await until(() => world.served.length === 2);

    assert.deepEqual(world.served, [['k1'], ['k1', 'k2']]);
    await end(rig, 'told');
  });

  test('gateStream() takes a waiver, answers when it is served, and remembers it', async () => {
    const world = worldOf({ k1: 'failed' });
    rig.use(world.fakes);
    const end7 = new Date(Date.now() + 7 * 86_400_000).toISOString();

    const answer = await ask(rig, 'waived', waiveUpdate, {
      ...{ ...SIGNED, release: 'k1', kmod: 'wireguard', until: end7 },
    });

    assert.equal(answer.kernels[0]?.state, 'waived');
    assert.equal(answer.view?.kind === 'served' && answer.view.releases[0], 'k1');
    assert.equal(world.rules.waivers[0]?.by, 'ada');
    assert.ok(world.rules.waivers[0]?.at);
    await end(rig, 'waived');
  });

  test('gateStream() decides again when a waiver ends, and takes nothing away', async () => {
    const world = worldOf({ k1: 'failed' });
    rig.use(world.fakes);
    const soon = new Date(Date.now() + 1500).toISOString();
    await ask(rig, 'ends', waiveUpdate, {
      ...{ ...SIGNED, release: 'k1', kmod: 'wireguard', until: soon },
    });
    const before = world.served.length;

    await until(() => world.served.length > before && new Date().toISOString() > soon);
    world.cells.set('k2', 'failed');
    await lookAgain(rig, 'ends');
    await until(() => world.kernels.length === 2);

    assert.deepEqual(
      world.kernels.map(({ state }) => state),
      ['waived', 'held'],
    );
    await end(rig, 'ends');
  });

  test('gateStream() promotes and recalls by hand, and refuses what makes no sense', async () => {
    const world = worldOf({ k1: 'failed' });
    rig.use(world.fakes);
    const order = { ...SIGNED, release: 'k1' };

    const promoted = await ask(rig, 'orders', promoteUpdate, order);
    const again = await refusal(ask(rig, 'orders', promoteUpdate, order));
    const recalled = await ask(rig, 'orders', recallUpdate, order);
    const unknown = await refusal(ask(rig, 'orders', recallUpdate, { ...order, release: 'k9' }));
    const silent = await refusal(ask(rig, 'orders', promoteUpdate, { ...order, why: '' }));

    assert.equal(promoted.kernels[0]?.reason, 'promoted by ada: the test says so');
    assert.match(again, /found one that is released$/);
    assert.equal(recalled.kernels[0]?.state, 'recalled');
    assert.match(unknown, /expected a kernel of stream "orders" \(k1\), found no such/);
    assert.match(silent, /expected "why" of 1 to 500 characters, found 0/);
    assert.deepEqual(world.served.at(-1), []);
    await end(rig, 'orders');
  });

  test('gateStream() looks again when it is told other options, and ends without a gate', async () => {
    let hasGate = true;
    const world = worldOf({ k1: 'built' });
    const { judgeGate } = world.fakes;
    rig.use({
      ...world.fakes,
      judgeGate: async (input) => {
        if (!hasGate || !judgeGate) return { kind: 'no-gate' };
        return await judgeGate(input);
      },
    });
    await lookAgain(rig, 'reloaded');
    await until(() => world.served.length === 1);
    const gate = rig.client.workflow.getHandle(gateId('reloaded'));

    await gate.signal(configureSignal, OPTIONS);
    await until(() => world.served.length === 2);
    hasGate = false;
    await gate.signal(configureSignal, OPTIONS);
    await gate.result();

    assert.equal((await gate.describe()).status.name, 'COMPLETED');
  });

  test('gateStream() has what was frozen rebuilt when it is thawed', async () => {
    const thawed: unknown[] = [];
    const world = worldOf(
      { k1: 'failed' },
      {
        async rebuildThawed({ kmods }) {
          thawed.push(kmods);
        },
      },
    );
    rig.use(world.fakes);
    const request = { ...SIGNED, subject: { kind: 'kmod', kmod: 'wireguard' } as const };

    await ask(rig, 'frozen', freezeUpdate, request);
    assert.equal(world.rules.freezes.length, 1);
    await ask(rig, 'frozen', thawUpdate, request);

    assert.deepEqual(world.rules.freezes, []);
    assert.deepEqual(thawed, [['wireguard']]);
    await end(rig, 'frozen');
  });

  test('gateStream() says what went wrong with the repository, and remembers it', async () => {
    const views: unknown[] = [];
    const world = worldOf(
      { k1: 'built' },
      {
        serveView: () =>
          Promise.reject(new StreamUnreachableError('http://m', 'expected, found 503')),
        async recordView({ view }) {
          views.push(view.kind === 'failed' ? view.reason : view.kind);
        },
      },
    );
    rig.use(world.fakes);
    await lookAgain(rig, 'trouble');

    await until(() => views.length > 0);

    assert.deepEqual(views, ['Cannot fetch "http://m": expected, found 503']);
    assert.equal(world.kernels[0]?.state, 'released');
    await end(rig, 'trouble');
  });

  test('gateStream() continues as new and forgets nothing that people decided', async () => {
    const world = worldOf({ k1: 'failed', k2: 'failed' });
    rig.use(world.fakes);
    const handle = rig.client.workflow.getHandle(gateId('long'));
    await ask(rig, 'long', promoteUpdate, { ...SIGNED, release: 'k1' });
    const { runId } = await handle.describe();
    let now = runId;
    for (let count = 0; count < 20 && now === runId; count += 1) {
      const before = world.served.length;
      await lookAgain(rig, 'long');
      await until(() => world.served.length > before);
      now = (await handle.describe()).runId;
    }

    const answer = await ask(rig, 'long', promoteUpdate, { ...SIGNED, release: 'k2' });

    assert.notEqual(now, runId);
    assert.equal(answer.kernels[0]?.release, 'k2');
    assert.ok(world.kernels.every(({ state }) => isOpen(state)));
    assert.equal(world.rules.orders.length, 2);
    await end(rig, 'long');
  });

  test('gateStream() ends when the stream has no gate any more', async () => {
    rig.use({ openGate: async () => NO_RULES, judgeGate: async () => ({ kind: 'no-gate' }) });
    await lookAgain(rig, 'gone');

    await rig.client.workflow.getHandle(gateId('gone')).result();
  });

  test('publishRepository() rings for the gates that run after a rollback, and for no other', async () => {
    const world = worldOf(
      { k1: 'built' },
      { rollBack: async () => ({ snapshot: '000009', packageCount: 1 }) },
    );
    rig.use(world.fakes);
    await lookAgain(rig, 'rung');
    await until(() => world.served.length === 1);
    const options = { ...OPTIONS, gatedStreams: ['none', 'rung'] };

    await rig.client.workflow.executeUpdateWithStart(rollBackUpdate, {
      args: [{ by: 'ada', why: 'it oopses' }],
      startWorkflowOperation: new WithStartWorkflowOperation('publishRepository', {
        workflowId: publisherId('rung'),
        taskQueue: CONTROL_QUEUE,
        args: [{ repository: 'rung', options }],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      }),
    });

    await until(() => world.served.length === 2);
    await end(rig, 'rung');
    await rig.client.workflow.getHandle(publisherId('rung')).terminate();
  });

  test('rebuildKmod() tells the gate of its end once it is recorded, where there is one', async () => {
    const cell = cellOf('jool', 'gated-cell');
    const told: string[] = [];
    const { fakes, recorded } = goodFakes([cell], {
      async lookAgain({ stream }) {
        told.push(`${stream}: ${recorded.get('jool')?.kind}`);
      },
    });
    rig.use(fakes);

    const options = { ...OPTIONS, gatedStreams: ['lab'] };
    await (await startRebuild(rig, cell, { options })).result();

    assert.deepEqual(told, ['lab: published']);
  });
}
