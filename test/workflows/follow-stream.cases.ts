import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import type { StreamLook } from '../../activities/watch.ts';
import {
  ContentInvalidError,
  ContentMismatchError,
  LookQuarantinedError,
} from '../../model/activity-errors.ts';
import type { KernelOffer, RepositoryPackage } from '../../model/kernel.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rolloutId } from '../../model/workflow-ids.ts';
import type { FollowInput } from '../../model/workflow-messages.ts';
import type { followStream } from '../../workflows/follow-stream.ts';
import { kernelOf } from '../support/plan-facts.ts';
import type { Fakes, WorkflowRig } from '../support/workflow-rig.ts';
import { goodFakes, makeGate, OPTIONS, until } from './cells.ts';

const VALIDATORS = { 'http://mirror.example.org': { etag: '"1"' } };

/** An offer of the kernel `5.14.0-<release>`. */
export function offerOf(release: string): KernelOffer {
  const core: RepositoryPackage = {
    name: 'kernel-core',
    arch: 'x86_64',
    epoch: 0,
    version: '5.14.0',
    release,
    location: 'http://mirror.example.org/kernel.rpm',
    checksum: { type: 'sha256', value: '0'.repeat(64) },
    sizeBytes: 1,
    buildTimeSeconds: 0,
  };
  const { epoch, version } = core;
  const evr = { epoch, version, release };
  return { stream: 'lab', arch: 'x86_64', flavour: 'default', evr, core, devel: core };
}

/** Fakes of a look that finds kernels whose rollouts have nothing to do. */
function fakesOf(
  releases: readonly string[],
  changes: Partial<Fakes> = {},
): { readonly fakes: Partial<Fakes>; readonly acknowledged: readonly unknown[] } {
  const acknowledged: unknown[] = [];
  const look: StreamLook = {
    message: `${releases.length} kernels are offered`,
    isChanged: true,
    newKernels: releases.map(offerOf),
    unfinished: [],
    validators: VALIDATORS,
  };
  const fakes: Partial<Fakes> = {
    ...goodFakes([]).fakes,
    async lookAtStream() {
      return look;
    },
    async storeKernel({ offer }) {
      return kernelOf(`5.14.0-${offer.evr.release}`);
    },
    async acknowledgeLook(input) {
      acknowledged.push(input);
    },
    ...changes,
  };
  return { fakes, acknowledged };
}

async function follow(
  { client }: WorkflowRig,
  changes: Partial<FollowInput> = {},
): Promise<WorkflowHandle<typeof followStream>> {
  return await client.workflow.start<typeof followStream>('followStream', {
    workflowId: `stream/lab-${performance.now()}`,
    taskQueue: CONTROL_QUEUE,
    args: [{ stream: 'lab', title: 'Lab', options: OPTIONS, ...changes }],
  });
}

function idOf(release: string): string {
  return rolloutId({ stream: 'lab', release: `5.14.0-${release}.x86_64` });
}

export function testFollowStream(rig: WorkflowRig): void {
  test('followStream() does nothing when nothing has changed', async () => {
    const look: StreamLook = {
      message: 'Nothing has changed',
      isChanged: false,
      newKernels: [],
      unfinished: [],
      validators: {},
    };
    rig.use({ lookAtStream: async () => look });

    const result = await (await follow(rig)).result();

    assert.deepEqual(result, { message: 'Nothing has changed', started: [] });
    assert.deepEqual(rig.calls(), ['lookAtStream']);
  });

  test('followStream() believes a look that somebody accepts, then looks', async () => {
    const accepted: unknown[] = [];
    const { fakes } = fakesOf([], {
      async acceptLook(input) {
        accepted.push(input);
      },
    });
    rig.use(fakes);
    const accept = { by: 'ada', why: 'upstream has cleaned up' };

    await (await follow(rig, { accept })).result();

    assert.deepEqual(accepted, [{ stream: 'lab', ...accept }]);
    assert.deepEqual(rig.calls(), ['acceptLook', 'lookAtStream', 'acknowledgeLook']);
  });

  test('followStream() starts nothing and remembers nothing after a look in quarantine', async () => {
    let looks = 0;
    const { fakes, acknowledged } = fakesOf(['new'], {
      async lookAtStream() {
        looks += 1;
        throw new LookQuarantinedError('lab', 'all kernels of flavour "default" vanished: 1, 2');
      },
      async findStoredWork() {
        return { unfinished: [], due: [], order: [] };
      },
    });
    rig.use(fakes);

    await assert.rejects((await follow(rig)).result(), (error) => {
      assert.ok(error instanceof WorkflowFailedError);
      assert.match(String(error.cause?.cause), /Cannot believe the look at "lab": all kernels/);
      return true;
    });

    assert.equal(looks, 1, 'the next poll looks again, nothing before');
    assert.deepEqual([acknowledged, rig.calls()], [[], ['lookAtStream', 'findStoredWork']]);
  });

  test('followStream() starts a rollout for each new kernel, then remembers the look', async () => {
    const { fakes, acknowledged } = fakesOf(['new-1', 'new-2']);
    rig.use(fakes);

    const result = await (await follow(rig)).result();

    const started = [idOf('new-1'), idOf('new-2')];
    assert.deepEqual(result, { message: '2 kernels are offered', started });
    for (const id of started) await rig.client.workflow.getHandle(id).result();
    assert.deepEqual(acknowledged, [{ stream: 'lab', validators: VALIDATORS }]);
  });

  test('followStream() starts what did not come to its end, though nothing has changed', async () => {
    const look: StreamLook = {
      message: 'Nothing has changed; not finished: 5.14.0-unfinished.x86_64',
      isChanged: false,
      newKernels: [],
      unfinished: [{ release: '5.14.0-unfinished.x86_64', arch: 'x86_64' }],
      validators: {},
    };
    const { fakes, acknowledged } = fakesOf([], { lookAtStream: async () => look });
    rig.use(fakes);

    const { started } = await (await follow(rig)).result();

    assert.deepEqual(started, [idOf('unfinished')]);
    await rig.client.workflow.getHandle(idOf('unfinished')).result();
    assert.deepEqual(acknowledged, []);
  });

  test('followStream() has kernels rolled out one after the other', async () => {
    const gate = makeGate();
    const { fakes } = fakesOf(['one', 'two'], {
      async recordRollout({ release }) {
        if (release === '5.14.0-one.x86_64') await gate.passed;
      },
    });
    rig.use(fakes);
    await (await follow(rig)).result();
    await until(() => rig.calls().includes('recordRollout'));
    await delay(200);
    const before = rig.calls().filter((call) => call === 'planKernel').length;

    gate.open();
    await rig.client.workflow.getHandle(idOf('two')).result();

    const after = rig.calls().filter((call) => call === 'planKernel').length;
    assert.deepEqual([before, after], [1, 2]);
  });

  test('followStream() has a kernel wait for those of its own flavour, and no other', async () => {
    const gate = makeGate();
    // An earlier look has started it, and it is listed before a flavour that is done already.
    const unfinished = [
      { release: '5.14.0-one.x86_64', arch: 'x86_64', flavour: 'azure' },
      { release: '5.14.0-done.x86_64', arch: 'x86_64', flavour: 'default' },
    ];
    const { fakes } = fakesOf(['two', 'two-azure'], {
      async lookAtStream() {
        const newKernels = [offerOf('two'), { ...offerOf('two-azure'), flavour: 'azure' }];
        const message = '4 kernels are offered';
        return { message, isChanged: true, newKernels, unfinished, validators: VALIDATORS };
      },
      async storeKernel({ offer: { evr, flavour } }) {
        return kernelOf(`5.14.0-${evr.release}`, { flavour });
      },
      async recordRollout({ release }) {
        if (release === '5.14.0-one.x86_64') await gate.passed;
      },
    });
    rig.use(fakes);
    await (await follow(rig)).result();

    await rig.client.workflow.getHandle(idOf('two')).result();
    await delay(200);
    const before = rig.calls().filter((call) => call === 'planKernel').length;
    gate.open();
    await rig.client.workflow.getHandle(idOf('two-azure')).result();

    const after = rig.calls().filter((call) => call === 'planKernel').length;
    assert.deepEqual([before, after], [3, 4]);
  });

  test('followStream() remembers a look that found nothing new', async () => {
    const { fakes, acknowledged } = fakesOf([]);
    rig.use(fakes);

    await (await follow(rig)).result();

    assert.equal(acknowledged.length, 1);
  });

  test('followStream() goes on after a kernel that cannot be had, and looks again', async () => {
    const { fakes, acknowledged } = fakesOf(['good-1', 'bad', 'good-2'], {
      async storeKernel({ offer }) {
        if (offer.evr.release !== 'bad') return kernelOf(`5.14.0-${offer.evr.release}`);
        throw new ContentInvalidError('kernel-devel', 'expected a build tree, found none');
      },
    });
    rig.use(fakes);

    await assert.rejects((await follow(rig)).result(), (error) => {
      assert.ok(error instanceof WorkflowFailedError);
      assert.match(
        String(error.cause),
        /5\.14\.0-bad: Cannot use "kernel-devel": expected a build tree, found none$/,
      );
      return true;
    });

    for (const release of ['good-1', 'good-2']) {
      await rig.client.workflow.getHandle(idOf(release)).result();
    }
    assert.deepEqual(acknowledged, []);
  });

  test('followStream() is content with a rollout that is running already', async () => {
    const gate = makeGate();
    const { fakes, acknowledged } = fakesOf(['running'], {
      async planKernel() {
        await gate.passed;
        throw new ContentMismatchError('x', 'expected, found');
      },
    });
    rig.use(fakes);
    await (await follow(rig)).result();

    const { started } = await (await follow(rig)).result();

    assert.deepEqual(started, [idOf('running')]);
    assert.equal(acknowledged.length, 2);
    await rig.client.workflow.getHandle(idOf('running')).terminate();
    gate.open();
  });
}
