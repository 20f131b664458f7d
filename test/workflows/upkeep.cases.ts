import assert from 'node:assert/strict';
import test from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import type { UpkeepPart, UpkeepReport, UpkeepSubject } from '../../model/upkeep.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';

function partOf(part: UpkeepSubject): UpkeepPart {
  return { part, removed: [{ what: `things of ${part}`, count: 1, names: ['x'] }], problems: [] };
}

const GOOD: Partial<Fakes> = {
  tidyRecords: async () => partOf('records'),
  tidyStore: async () => partOf('store'),
  tidyBuilders: async () => partOf('builders'),
  listSigned: async () => ({ digests: ['ab'] }),
  tidySigned: async ({ digests }) => ({ ...partOf('signer'), problems: [...digests] }),
  recordUpkeep: async ({ parts, isDryRun }) => ({ endedAt: '2026', parts, isDryRun }),
};

async function keepUp({ client }: WorkflowRig, isDryRun?: boolean): Promise<UpkeepReport> {
  return await client.workflow.execute('upkeep', {
    workflowId: `upkeep-${performance.now()}`,
    taskQueue: CONTROL_QUEUE,
    args: [{ archs: ['x86_64'], ...(isDryRun === undefined ? {} : { isDryRun }) }],
  });
}

export function testUpkeep(rig: WorkflowRig): void {
  test('upkeep() tidies records, store, builders and signer, and records what went', async () => {
    rig.use(GOOD);

    const report = await keepUp(rig);

    const parts = ['records', 'store', 'builders', 'signer'] as const;
    assert.deepEqual(report.parts, [
      ...parts.slice(0, 3).map(partOf),
      { ...partOf('signer'), problems: ['ab'] },
    ]);
    assert.equal(report.isDryRun, false);
  });

  test('upkeep() tells each part of a dry run', async () => {
    const told: boolean[] = [];
    const tell = (part: UpkeepSubject) => async (request: { readonly isDryRun: boolean }) => {
      told.push(request.isDryRun);
      return partOf(part);
    };
    rig.use({
      ...GOOD,
      ...{ tidyRecords: tell('records'), tidyStore: tell('store') },
      ...{ tidyBuilders: tell('builders'), tidySigned: tell('signer') },
    });

    assert.equal((await keepUp(rig, true)).isDryRun, true);
    assert.deepEqual(told, [true, true, true, true]);
  });

  test('upkeep() goes on with the other parts when one cannot be done, and says why', async () => {
    rig.use({
      ...GOOD,
      tidyStore() {
        throw ApplicationFailure.nonRetryable('Cannot read state "x": expected JSON');
      },
    });

    const report = await keepUp(rig);

    assert.deepEqual(report.parts[1], {
      ...{ part: 'store', removed: [] },
      problems: ['Cannot read state "x": expected JSON'],
    });
    assert.equal(report.parts.length, 4);
  });
}
