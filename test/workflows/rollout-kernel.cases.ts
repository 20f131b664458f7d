import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rebuildId, rolloutId } from '../../model/workflow-ids.ts';
import { resumeSignal } from '../../workflows/messages.ts';
import type { rolloutKernel } from '../../workflows/rollout-kernel.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import {
  buildBadly,
  buildForever,
  buildWell,
  cellOf,
  goodFakes,
  makeGate,
  OPTIONS,
  planOf,
  until,
} from './cells.ts';
import { startRebuild, untilCalled } from './rebuild-kmod.cases.ts';

async function startRollout(
  { client }: WorkflowRig,
  release: string,
): Promise<WorkflowHandle<typeof rolloutKernel>> {
  return await client.workflow.start<typeof rolloutKernel>('rolloutKernel', {
    workflowId: rolloutId({ stream: 'lab', release }),
    taskQueue: CONTROL_QUEUE,
    args: [{ stream: 'lab', release, trigger: 'command', forced: [], options: OPTIONS }],
  });
}

function endsOf(cells: readonly { readonly kmod: string; readonly outcome: string }[]): string {
  return cells
    .map(({ kmod, outcome }) => `${kmod} ${outcome}`)
    .sort()
    .join(', ');
}

export function testRolloutKernel(rig: WorkflowRig): void {
  test('rolloutKernel() builds what must be built on one buildroot and records the rest', async () => {
    const cells = [
      cellOf('a', 'mixed'),
      cellOf('b', 'mixed', { verdict: { kind: 'keep', why: 'built-for-this-kernel' } }),
      cellOf('c', 'mixed', { verdict: { kind: 'excluded', why: 'kernel-too-old', limit: '6' } }),
      cellOf('d', 'mixed'),
    ];
    const unreadable = [{ kmod: 'e', reason: 'Cannot read the source of "e": none' }];
    const planKernel: Fakes['planKernel'] = async () => ({
      plan: planOf('mixed', cells),
      unreadable,
    });
    const rollouts: unknown[] = [];
    const { fakes, recorded } = goodFakes(cells, {
      planKernel,
      async recordRollout({ kmods, ...rollout }) {
        rollouts.push({ ...rollout, kmods: kmods.toSorted() });
      },
    });
    rig.use(fakes);

    const result = await (await startRollout(rig, 'mixed')).result();

    const { builtCount, keptCount, failedCount } = result;
    assert.deepEqual([builtCount, keptCount, failedCount], [2, 2, 1]);
    assert.equal(endsOf(result.cells), 'a published, b kept, c excluded, d published, e failed');
    assert.deepEqual([...recorded.keys()].sort(), ['a', 'b', 'c', 'd', 'e']);
    const reason = recorded.get('e');
    assert.equal(reason?.kind === 'failed' && reason.reason, unreadable[0]?.reason);
    assert.deepEqual(rollouts, [
      { stream: 'lab', release: 'mixed', kmods: ['a', 'b', 'c', 'd', 'e'] },
    ]);
    const counted = ['prepareBuildroot', 'recordUnbuilt', 'planCell'].map(
      (name) => rig.calls().filter((call) => call.startsWith(name)).length,
    );
    assert.deepEqual(counted, [1, 1, 0]);
  });

  test('rolloutKernel() prepares nothing when nothing must be built', async () => {
    const keep = { kind: 'keep', why: 'built-for-this-kernel' } as const;
    rig.use(goodFakes([cellOf('a', 'all-kept', { verdict: keep })]).fakes);

    const { keptCount } = await (await startRollout(rig, 'all-kept')).result();

    assert.equal(keptCount, 1);
    assert.deepEqual(rig.calls(), ['planKernel', 'recordUnbuilt a', 'recordRollout']);
  });

  test('rolloutKernel() builds a bounded number at once', async () => {
    const cells = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((kmod) => cellOf(kmod, 'window'));
    const counts: number[] = [];
    let running = 0;
    const buildKmod: Fakes['buildKmod'] = async (input) => {
      running += 1;
      counts.push(running);
      // However slow the machine is, as many as may run meet here; the next show if one too many does.
      await until(() => counts.includes(OPTIONS.window));
      await delay(60);
      running -= 1;
      return await buildWell(input);
    };
    rig.use(goodFakes(cells, { buildKmod }).fakes);

    const { builtCount } = await (await startRollout(rig, 'window')).result();

    assert.equal(builtCount, 7);
    assert.equal(Math.max(...counts), OPTIONS.window);
  });

  test('rolloutKernel() begins a wave when the one before has ended', async () => {
    const cells = [
      cellOf('a-first', 'waves'),
      cellOf('b-first', 'waves'),
      cellOf('c-second', 'waves', { wave: 1, needs: ['a-first'] }),
      cellOf('d-third', 'waves', { wave: 2, needs: ['c-second'] }),
    ];
    rig.use(goodFakes(cells).fakes);

    await (await startRollout(rig, 'waves')).result();

    const steps = rig.calls().filter((call) => /^(?:buildKmod|recordOutcome) /.test(call));
    assert.deepEqual(steps.slice(4), [
      'buildKmod c-second',
      'recordOutcome c-second',
      'buildKmod d-third',
      'recordOutcome d-third',
    ]);
  });

  test('rolloutKernel() blocks what needs a kmod that failed, and nothing else', async () => {
    const cells = [
      cellOf('dahdi', 'blocked'),
      cellOf('jool', 'blocked'),
      cellOf('user', 'blocked', { wave: 1, needs: ['dahdi'] }),
      cellOf('other', 'blocked', { wave: 1, needs: ['jool'] }),
      cellOf('users-user', 'blocked', { wave: 2, needs: ['user'] }),
    ];
    const buildKmod: Fakes['buildKmod'] = (input) =>
      input.cell.kmod === 'dahdi' ? buildBadly() : buildWell(input);
    const { fakes, recorded } = goodFakes(cells, { buildKmod });
    rig.use(fakes);

    const { failedCount, cells: ends } = await (await startRollout(rig, 'blocked')).result();

    assert.equal(
      endsOf(ends),
      'dahdi failed, jool published, other published, user blocked, users-user blocked',
    );
    assert.equal(failedCount, 3);
    assert.deepEqual(recorded.get('user'), { kind: 'blocked', by: 'dahdi' });
    assert.deepEqual(recorded.get('users-user'), { kind: 'blocked', by: 'user' });
  });

  test('rolloutKernel() fails every cell with the reason that there is no buildroot', async () => {
    const cells = [
      cellOf('a', 'no-buildroot'),
      cellOf('b', 'no-buildroot', { wave: 1, needs: ['a'] }),
    ];
    const error = new NotFoundError('use', 'image', 'expected an image, found none');
    const { fakes, recorded } = goodFakes(cells, {
      prepareBuildroot: () => Promise.reject(error),
    });
    rig.use(fakes);

    const { failedCount } = await (await startRollout(rig, 'no-buildroot')).result();

    const reason = error.message;
    const outcome = {
      kind: 'failed',
      step: 'prepare',
      reason,
      durationMs: 0,
      trouble: 'configuration',
    };
    assert.equal(failedCount, 2);
    assert.deepEqual([recorded.get('a'), recorded.get('b')], [outcome, outcome]);
    assert.ok(!rig.calls().some((call) => call.startsWith('buildKmod')));
  });

  test('rolloutKernel() joins a rebuild of the same cell that is running already', async () => {
    const cells = [cellOf('a', 'joined'), cellOf('b', 'joined')];
    const gate = makeGate();
    const buildKmod: Fakes['buildKmod'] = async (input) => {
      if (input.cell.kmod === 'a') await gate.passed;
      return await buildWell(input);
    };
    rig.use(goodFakes(cells, { buildKmod }).fakes);
    const byHand = await startRebuild(rig, cellOf('a', 'joined'));
    await untilCalled(rig, 'buildKmod a');

    const rollout = await startRollout(rig, 'joined');
    await untilCalled(rig, 'recordOutcome b');
    gate.open();

    assert.equal((await byHand.result()).outcome.kind, 'published');
    assert.equal(endsOf((await rollout.result()).cells), 'a published, b published');
    assert.equal(rig.calls().filter((call) => call === 'buildKmod a').length, 1);
  });

  test('rolloutKernel() goes on when somebody terminates one of its rebuilds', async () => {
    const cells: readonly PlannedCell[] = [
      cellOf('a', 'terminated'),
      cellOf('b', 'terminated'),
      cellOf('c', 'terminated', { wave: 1, needs: ['a'] }),
      cellOf('d', 'terminated', { wave: 1, needs: ['b'] }),
    ];
    const gate = makeGate();
    const buildKmod: Fakes['buildKmod'] = async (input) => {
      if (input.cell.kmod === 'a') return await buildForever();
      if (input.cell.kmod === 'b') await gate.passed;
      return await buildWell(input);
    };
    const { fakes, recorded } = goodFakes(cells, { buildKmod });
    rig.use(fakes);
    const rollout = await startRollout(rig, 'terminated');
    await untilCalled(rig, 'buildKmod a');

    await rig.client.workflow.getHandle(rebuildId(cellOf('a', 'terminated'))).terminate('it hangs');
    await delay(100);
    gate.open();

    const { cells: ends } = await rollout.result();
    assert.equal(endsOf(ends), 'a failed, b published, c blocked, d published');
    assert.match(JSON.stringify(recorded.get('a')), /"failed".*terminated/i);
  });

  test('rolloutKernel() takes its rebuilds with it when it is cancelled', async () => {
    const cells = ['a', 'b', 'c', 'd', 'e'].map((kmod) => cellOf(kmod, 'rollout-cancelled'));
    const { fakes, recorded } = goodFakes(cells, { buildKmod: buildForever });
    rig.use(fakes);
    const rollout = await startRollout(rig, 'rollout-cancelled');
    await untilCalled(rig, 'buildKmod c');

    await rollout.cancel();

    await assert.rejects(rollout.result(), /cancelled/);
    await until(() => recorded.size >= 3);
    assert.deepEqual(
      [...recorded.values()].map(({ kind }) => kind),
      ['cancelled', 'cancelled', 'cancelled'],
    );
    assert.ok(!rig.calls().includes('recordRollout'));
    assert.equal(rig.calls().filter((call) => call.startsWith('buildKmod')).length, 3);
  });

  test('rolloutKernel() builds what needs a kmod that was healed by itself, and nothing else', async () => {
    const release = 'healed';
    const keep = { kind: 'keep', why: 'built-for-this-kernel' } as const;
    const cells = [
      cellOf('core', release, { neededBy: ['user'] }),
      cellOf('free', release),
      cellOf('user', release, { wave: 1, needs: ['core'], neededBy: ['addon'] }),
      cellOf('addon', release, { wave: 2, needs: ['user'] }),
      cellOf('torn', release, { wave: 1, needs: ['core', 'free'] }),
    ];
    const planKernel: Fakes['planKernel'] = async () => {
      const now = cells.map((cell) => (cell.kmod === 'core' ? { ...cell, verdict: keep } : cell));
      return { plan: planOf(release, now), unreadable: [] };
    };
    const { fakes, recorded } = goodFakes(cells, { planKernel });
    rig.use(fakes);

    const byHand = await startRebuild(rig, cellOf('core', release, { neededBy: ['user'] }));
    await byHand.result();
    const id = rolloutId({ stream: 'lab', release });
    await rig.client.workflow.getHandle(id).result();

    assert.equal(recorded.get('user')?.kind, 'published');
    assert.equal(recorded.get('addon')?.kind, 'published');
    assert.deepEqual(recorded.get('torn'), { kind: 'blocked', by: 'free' });
    assert.equal(recorded.get('free'), undefined);
    // That is no rollout of the whole kernel.
    assert.ok(!rig.calls().includes('recordRollout'));
  });

  test('rolloutKernel() looks again at its end when a kmod is healed meanwhile', async () => {
    const release = 'healed-meanwhile';
    const cells = [
      cellOf('core', release),
      cellOf('slow', release),
      cellOf('user', release, { wave: 1, needs: ['core'] }),
    ];
    const gate = makeGate();
    let isHealed = false;
    const buildKmod: Fakes['buildKmod'] = async (input) => {
      if (input.cell.kmod === 'core') return await buildBadly();
      if (input.cell.kmod === 'slow') await gate.passed;
      return await buildWell(input);
    };
    const planKernel: Fakes['planKernel'] = async () => {
      const keep = { kind: 'keep', why: 'built-for-this-kernel' } as const;
      const now = cells.map((cell) => (cell.kmod === 'core' ? { ...cell, verdict: keep } : cell));
      return { plan: planOf(release, isHealed ? now : cells), unreadable: [] };
    };
    const { fakes, recorded } = goodFakes(cells, { buildKmod, planKernel });
    rig.use(fakes);
    const rollout = await startRollout(rig, release);
    await untilCalled(rig, 'recordOutcome core');

    isHealed = true;
    await rollout.signal(resumeSignal, { kmod: 'core' });
    gate.open();

    assert.equal(
      endsOf((await rollout.result()).cells),
      'core failed, slow published, user published',
    );
    assert.equal(recorded.get('user')?.kind, 'published');
    assert.equal(rig.calls().filter((call) => call.startsWith('recordRollout')).length, 1);
  });
}
