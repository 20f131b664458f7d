import assert from 'node:assert/strict';
import test from 'node:test';
import { Client } from '@temporalio/client';
import { callGateActivities } from '../../activities/gate/call-gate.ts';
import type { CellRecord } from '../../model/cell.ts';
import type { Verdict } from '../../model/verdict.ts';
import { makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';

const OPTIONS = {
  ...{ window: 1, buildTimeoutMs: 1, prepareTimeoutMs: 1, publishBatchMs: 1 },
  hasSearchAttributes: false,
};

/** A client that starts nothing, and says what it was asked to start. */
function recordingClient(): { readonly client: Client; readonly started: readonly string[] } {
  const started: string[] = [];
  const workflow = {
    async start(_type: string, { workflowId }: { readonly workflowId: string }) {
      started.push(workflowId);
    },
  };
  const client: Client = Object.create(Client.prototype, { workflow: { value: workflow } });
  return { client, started };
}

function recordOf(release: string, kmod: string, verdict: Verdict): CellRecord {
  return {
    ...{ stream: 'lab', release, kmod, arch: 'x86_64', verdict },
    ...{ outcome: { kind: 'excluded' }, updatedAt: NOW, workflowId: 'w', runId: 'r' },
  };
}

test('rebuildThawed() starts what the freeze kept from being built, and nothing else', async () => {
  await using rig = await makeDataRig();
  const { client, started } = recordingClient();
  const frozen = { kind: 'excluded', why: 'frozen', limit: 'by ada: x' } as const;
  for (const build of ['1', '2', '3', '4']) {
    const kernel = kernelOf(`5.14.0-${build}.el9`);
    await rig.records.writeKernel(kernel);
    await rig.records.writeCell(recordOf(kernel.release, 'zfs', frozen));
    await rig.records.writeCell(recordOf(kernel.release, 'jool', frozen));
  }
  const old = { ...frozen, why: 'kernel-too-old' } as const;
  await rig.records.writeCell(recordOf('5.14.0-3.el9.x86_64', 'zfs', old));
  const settings = settingsOf({ streams: [streamOf({ keepKernels: 3 })] });
  const { rebuildThawed } = callGateActivities({ client, settings, records: rig.records });

  await rebuildThawed({ stream: 'lab', kmods: ['zfs'], options: OPTIONS });

  assert.deepEqual(started, [
    'rebuild/zfs/lab/5.14.0-2.el9.x86_64',
    'rebuild/zfs/lab/5.14.0-4.el9.x86_64',
  ]);
});
