import assert from 'node:assert/strict';
import test from 'node:test';
import { NotFoundError } from '../../model/activity-errors.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rolloutId } from '../../model/workflow-ids.ts';
import { outlinePlan } from '../../plan/outline-plan.ts';
import { resumeSignal } from '../../workflows/messages.ts';
import type { rolloutKernel } from '../../workflows/rollout-kernel.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import { buildBadly, buildWell, cellOf, goodFakes, OPTIONS, planOf } from './cells.ts';
import { untilCalled } from './rebuild-kmod.cases.ts';

const CELL_COUNT = 130;

/** Fakes by which a plan does not travel: its cells are read, and recorded, from the records. */
function largeFakes(
  release: string,
  cells: readonly PlannedCell[],
  changes: Partial<Fakes> = {},
): ReturnType<typeof goodFakes> {
  const outline = outlinePlan(planOf(release, cells));
  assert.ok(outline, 'the plan is too small for this test');
  const good = goodFakes(cells, {
    async planKernel({ part }) {
      if (!part) return { plan: planOf(release, []), unreadable: [], outline };
      const own = cells.filter(({ kmod }) => part.newSourcesOf.includes(kmod));
      return { plan: planOf(release, own), unreadable: [] };
    },
    readPlannedCells: async ({ kmods }) =>
      kmods.map((kmod) => cells.find((cell) => cell.kmod === kmod) ?? cellOf('bug', release)),
    ...changes,
  });
  const recordFromPlan: Fakes['recordFromPlan'] = async ({ ends }) => {
    await good.fakes.recordUnbuilt?.({
      ends: ends.map(({ kmod, outcome }) => ({ ...cellOf(kmod, release), outcome })),
    });
  };
  return { ...good, fakes: { ...good.fakes, recordFromPlan } };
}

async function start({ client }: WorkflowRig, release: string) {
  return await client.workflow.start<typeof rolloutKernel>('rolloutKernel', {
    workflowId: rolloutId({ stream: 'lab', release }),
    taskQueue: CONTROL_QUEUE,
    args: [
      {
        ...{ stream: 'lab', release, trigger: 'command', forced: [] },
        options: { ...OPTIONS, widestWindow: 24 },
      },
    ],
  });
}

function named(index: number): string {
  return `k${`${index}`.padStart(3, '0')}`;
}

export function testLargeRollout(rig: WorkflowRig): void {
  test('rolloutKernel() goes on in further runs, with no cell lost or built twice and signals kept', async () => {
    const release = 'large';
    const keep = { kind: 'keep', why: 'built-for-this-kernel' } as const;
    const cells = Array.from({ length: CELL_COUNT }, (_, index) => {
      if (index < 80) return cellOf(named(index), release, { verdict: keep });
      const isLate = index === CELL_COUNT - 1;
      return cellOf(named(index), release, isLate ? { wave: 1, needs: [named(80)] } : {});
    });
    const rollouts: number[] = [];
    const { fakes, recorded } = largeFakes(release, cells, {
      buildKmod: (input) => (input.cell.kmod === named(81) ? buildWell(input) : buildBadly()),
      async recordRollout({ kmods }) {
        rollouts.push(kmods.length);
      },
    });
    rig.use(fakes);

    const rollout = await start(rig, release);
    await untilCalled(rig, `buildKmod ${named(82)}`);
    await rollout.signal(resumeSignal, { newSourcesOf: [named(81)] });
    const { builtCount, keptCount, failedCount, cells: ends } = await rollout.result();

    assert.deepEqual([builtCount, keptCount, failedCount, ends.length], [1, 80, 49, CELL_COUNT]);
    assert.equal(recorded.size, CELL_COUNT);
    assert.deepEqual(recorded.get(named(CELL_COUNT - 1)), { kind: 'blocked', by: named(80) });
    const builds = rig.calls().filter((call) => call.startsWith('buildKmod'));
    const twice = builds.filter((call, index) => builds.indexOf(call) !== index);
    // Only what the signal asked for.
    assert.deepEqual(twice, [`buildKmod ${named(81)}`]);
    assert.deepEqual(rollouts, [CELL_COUNT]);
    // A run reads its cells once, since they fit into one page.
    const reads = rig.calls().filter((call) => call.startsWith('readPlannedCells'));
    assert.ok(reads.length > 1, 'it should have continued as new');
  });

  test('rolloutKernel() says of every cell of a large plan that there is no buildroot', async () => {
    const release = 'large-no-buildroot';
    const cells = Array.from({ length: CELL_COUNT }, (_, index) => cellOf(named(index), release));
    const { fakes, recorded } = largeFakes(release, cells, {
      prepareBuildroot: () =>
        Promise.reject(new NotFoundError('use', 'image', 'expected an image, found none')),
    });
    rig.use(fakes);

    const { failedCount } = await (await start(rig, release)).result();

    assert.equal(failedCount, CELL_COUNT);
    assert.equal(recorded.size, CELL_COUNT);
  });
}
