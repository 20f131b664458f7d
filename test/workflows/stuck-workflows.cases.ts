import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { listStuckWorkflows } from '../../cli/stuck-workflows.ts';
import type { StuckWorkflow } from '../../model/status.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { describeStuck } from '../../report/describe-stuck.ts';
import type { WorkflowRig } from '../support/workflow-rig.ts';

export function testStuckWorkflows(rig: WorkflowRig): void {
  test('listStuckWorkflows() finds a workflow whose code cannot go on, and no other', async () => {
    // As one that a later version began, after a step back.
    const handle = await rig.client.workflow.start('ofLaterVersion', {
      workflowId: 'publish/later',
      taskQueue: CONTROL_QUEUE,
    });
    await rig.client.workflow.start('publishRepository', {
      workflowId: 'publish/well',
      taskQueue: CONTROL_QUEUE,
      args: [{ repository: 'well', options: { publishBatchMs: 10 } }],
    });

    let stuck: readonly StuckWorkflow[] = [];
    for (let looks = 0; looks < 100 && stuck.length === 0; looks += 1) {
      await delay(50);
      stuck = await listStuckWorkflows(rig.client);
    }

    assert.deepEqual(
      stuck.map(({ workflowId, why }) => ({ workflowId, why })),
      [{ workflowId: 'publish/later', why: 'failing' }],
    );
    assert.match(
      describeStuck(stuck)[0] ?? '',
      /^Publishing to repository later stands still .*no such function/u,
    );
    await handle.terminate();
    await rig.client.workflow.getHandle('publish/well').terminate();
  });
}
