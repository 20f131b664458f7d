import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { SourcesLook } from '../../activities/watch-sources.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rolloutId } from '../../model/workflow-ids.ts';
import type { followSources } from '../../workflows/follow-sources.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import { cellOf, goodFakes, makeGate, OPTIONS, planOf, until } from './cells.ts';

const NOTHING: SourcesLook = {
  message: 'No source asks for a rebuild',
  ...{ changes: [], kernels: [], work: [], unreadable: [], unsettled: [] },
};

/** A look that finds a new source of a kmod for these kernels. */
function lookOf(kmod: string, releases: readonly string[]): SourcesLook {
  return {
    ...NOTHING,
    message: '1 of 3 kmods has a new source',
    changes: [`${kmod}: new source 2: rebuild for ${releases.join(', ')}`],
    kernels: releases.map((release) => ({ stream: 'lab', release, kmods: [kmod] })),
    work: releases.map((release) => ({ kmod, stream: 'lab', release, inputDigest: 'input' })),
  };
}

/** Fakes whose kernels all have these kmods, each with a reason to be built. */
function fakesOf(
  cellsOf: (release: string) => readonly PlannedCell[],
  changes: Partial<Fakes>,
): ReturnType<typeof goodFakes> {
  return goodFakes([], {
    async planKernel({ release }) {
      return { plan: planOf(release, cellsOf(release)), unreadable: [] };
    },
    async acknowledgeSources() {},
    ...changes,
  });
}

async function follow({ client }: WorkflowRig): Promise<WorkflowHandle<typeof followSources>> {
  return await client.workflow.start<typeof followSources>('followSources', {
    workflowId: `sources-${performance.now()}`,
    taskQueue: CONTROL_QUEUE,
    args: [{ options: OPTIONS }],
  });
}

function idOf(release: string): string {
  return rolloutId({ stream: 'lab', release });
}

export function testFollowSources(rig: WorkflowRig): void {
  test('followSources() starts nothing when no source is new', async () => {
    rig.use({ lookAtSources: async () => NOTHING });

    const result = await (await follow(rig)).result();

    assert.deepEqual(result, { message: NOTHING.message, started: [] });
    assert.deepEqual(rig.calls(), ['lookAtSources']);
  });

  test('followSources() has the kmod and what needs it built for each kernel, and nothing else', async () => {
    const releases = ['source-new', 'source-old'];
    const acknowledged: unknown[] = [];
    const { fakes, recorded } = fakesOf(
      (release) => [
        cellOf('core', release),
        cellOf('user', release, { needs: ['core'], wave: 1 }),
        cellOf('other', release),
      ],
      {
        lookAtSources: async () => lookOf('core', releases),
        async acknowledgeSources({ work }) {
          acknowledged.push(...work.map(({ release }) => release));
        },
      },
    );
    rig.use(fakes);

    const { started } = await (await follow(rig)).result();
    const results = await Promise.all(
      started.map((id) => rig.client.workflow.getHandle(id).result()),
    );

    assert.deepEqual(started, releases.map(idOf));
    assert.deepEqual(acknowledged, releases);
    assert.deepEqual(
      results.map(({ builtCount }) => builtCount),
      [2, 2],
    );
    assert.deepEqual([...recorded.keys()].sort(), ['core', 'user']);
  });

  test('followSources() has the kernels of a stream gone through one after the other', async () => {
    const gate = makeGate();
    const releases = ['turn-new', 'turn-old'];
    const { fakes } = fakesOf((release) => [cellOf('jool', release)], {
      lookAtSources: async () => lookOf('jool', releases),
      async planKernel({ release }) {
        if (release === 'turn-new') await gate.passed;
        return { plan: planOf(release, []), unreadable: [] };
      },
    });
    rig.use(fakes);
    await (await follow(rig)).result();
    await until(() => rig.calls().includes('planKernel'));
    await delay(200);
    const before = rig.calls().filter((call) => call === 'planKernel').length;

    gate.open();
    await rig.client.workflow.getHandle(idOf('turn-old')).result();

    const after = rig.calls().filter((call) => call === 'planKernel').length;
    assert.deepEqual([before, after], [1, 2]);
  });

  test('followSources() hands a source on to a rollout that is running', async () => {
    const gate = makeGate();
    let isFirst = true;
    const { fakes, recorded } = fakesOf((release) => [cellOf('late', release)], {
      lookAtSources: async () => lookOf('late', ['source-running']),
      async planKernel({ release }) {
        if (!isFirst) return { plan: planOf(release, [cellOf('late', release)]), unreadable: [] };
        isFirst = false;
        await gate.passed;
        return { plan: planOf(release, []), unreadable: [] };
      },
    });
    rig.use(fakes);
    const rollout = await rig.client.workflow.start('rolloutKernel', {
      workflowId: idOf('source-running'),
      taskQueue: CONTROL_QUEUE,
      args: [
        {
          stream: 'lab',
          release: 'source-running',
          trigger: 'command',
          forced: [],
          options: OPTIONS,
        },
      ],
    });

    await (await follow(rig)).result();
    gate.open();
    await rollout.result();

    assert.equal(recorded.get('late')?.kind, 'published');
  });

  test('followSources() records that a new source cannot be read when its kernel is gone through', async () => {
    const { fakes, recorded } = fakesOf(() => [], {
      lookAtSources: async () => lookOf('torn', ['source-torn']),
      async planKernel({ release }) {
        const unreadable = ['torn', 'other'].map((kmod) => ({ kmod, reason: `${kmod}: no spec` }));
        return { plan: planOf(release, []), unreadable };
      },
    });
    rig.use(fakes);

    await (await follow(rig)).result();
    await rig.client.workflow.getHandle(idOf('source-torn')).result();

    assert.deepEqual(
      [...recorded],
      [['torn', { kind: 'failed', step: 'prepare', reason: 'torn: no spec', durationMs: 0 }]],
    );
  });

  test('followSources() tells in words what it found, also what it could not read', async () => {
    const look = lookOf('jool', ['source-told']);
    const unreadable = [{ kmod: 'gone', reason: 'Cannot read the source of "gone": none' }];
    const { fakes } = fakesOf(() => [], { lookAtSources: async () => ({ ...look, unreadable }) });
    rig.use(fakes);

    const handle = await follow(rig);
    await handle.result();

    const { currentDetails } = await handle.query<{ readonly currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    assert.equal(
      currentDetails,
      [
        '1 of 3 kmods has a new source',
        '- jool: new source 2: rebuild for source-told',
        '- gone: Cannot read the source of "gone": none',
        '- started `kernel/lab/source-told`',
      ].join('\n'),
    );
  });
}
