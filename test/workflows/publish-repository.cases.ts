import assert from 'node:assert/strict';
import test, { before, describe } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import type {
  PublicationRequest,
  PublisherInput,
  RollbackCommand,
  RollbackResult,
} from '../../model/workflow-messages.ts';
import { configureSignal, publishSignal, rollBackUpdate } from '../../workflows/messages.ts';
import type { publishRepository } from '../../workflows/publish-repository.ts';
import {
  type Fakes,
  SUGGEST_CONTINUE_AS_NEW_EVENTS,
  type WorkflowRig,
} from '../support/workflow-rig.ts';
import { cellOf, goodFakes, makeGate, OPTIONS, packageOf, until } from './cells.ts';
import { startRebuild } from './rebuild-kmod.cases.ts';

/** A request of nobody who waits for the answer. */
function requestOf(kmod: string): PublicationRequest {
  const requester = { workflowId: 'rebuild/none', runId: '01a20888-ea51-793d-a8cb-2326afb26e7f' };
  return { repository: 'many', packages: [packageOf(kmod, 'many')], requester };
}

/** Asks a publisher of its own, starting it if it is not there. */
async function ask({ client }: WorkflowRig, name: string, kmod: string): Promise<void> {
  await client.workflow.signalWithStart<typeof publishRepository, [PublicationRequest]>(
    'publishRepository',
    {
      workflowId: `publish/${name}`,
      taskQueue: CONTROL_QUEUE,
      args: [{ repository: name, options: OPTIONS }],
      signal: publishSignal,
      signalArgs: [requestOf(kmod)],
    },
  );
}

/** A fake publisher that keeps what was in each snapshot of each repository. */
function keepSnapshots(): {
  of(repository: string): readonly (readonly string[])[];
  readonly publishPackages: Fakes['publishPackages'];
  readonly mirrorRepository: Fakes['mirrorRepository'];
  readonly tidyRepository: Fakes['tidyRepository'];
  readonly rollBack: Fakes['rollBack'];
} {
  const snapshots: { readonly repository: string; readonly names: readonly string[] }[] = [];
  const of = (name: string): readonly (readonly string[])[] =>
    snapshots.filter(({ repository }) => repository === name).map(({ names }) => names);
  return {
    of,
    async publishPackages({ repository, packages }) {
      const names = packages.map(({ nevra }) => nevra.name.replace('kmod-', ''));
      if (names.includes('bad')) {
        throw new ContentInvalidError('kmod-bad.rpm', 'expected a new name, found other content');
      }
      await delay(20);
      snapshots.push({ repository, names });
      const served = { snapshot: `${snapshots.length}`, packageCount: names.length };
      return repository === 'elsewhere' ? { ...served, hasMirror: true } : served;
    },
    async mirrorRepository({ repository }) {
      snapshots.push({ repository, names: ['mirrored'] });
      if (of(repository).length === 2) throw new ContentInvalidError('x', 'the first one fails');
    },
    async tidyRepository({ repository }) {
      snapshots.push({ repository, names: ['tidied'] });
      return undefined;
    },
    async rollBack({ repository, by, why, to }) {
      if (why === 'impossible') {
        throw new ContentInvalidError(repository, 'expected a snapshot, found none');
      }
      const name = `${by}: ${why}${to === undefined ? '' : `, to ${to}`}`;
      snapshots.push({ repository, names: [name] });
      return { snapshot: 'rolled back', packageCount: 1 };
    },
  };
}

/** What a person does; the publisher is started if it is not there. */
async function rollBack(
  { client }: WorkflowRig,
  name: string,
  command: RollbackCommand,
): Promise<RollbackResult> {
  const args: [PublisherInput] = [{ repository: name, options: OPTIONS }];
  const startWorkflowOperation = new WithStartWorkflowOperation('publishRepository', {
    workflowId: `publish/${name}`,
    taskQueue: CONTROL_QUEUE,
    args,
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  return await client.workflow.executeUpdateWithStart(rollBackUpdate, {
    startWorkflowOperation,
    args: [command],
  });
}

/** What a refused update says. */
function sayCause(error: unknown): string {
  assert.ok(error instanceof WorkflowUpdateFailedError, String(error));
  return error.cause?.message ?? '';
}

export function testPublishRepository(rig: WorkflowRig): void {
  // At the same time, each with a publisher of its own: they wait for timers most of the time.
  describe('publishRepository()', { concurrency: true }, () => {
    const { of, ...publisher } = keepSnapshots();
    const neighbours = ['good', 'bad', 'fine'].map((kmod) => cellOf(kmod, 'neighbours'));
    const gate = makeGate();
    let signCount = 0;
    const asked: string[] = [];
    const tidyCount = (): number => of('tidy').filter(([name]) => name === 'tidied').length;
    const askNext = async (): Promise<void> => {
      asked.push(`k${asked.length}`);
      await ask(rig, 'tidy', `k${asked.length - 1}`);
    };
    before(() => {
      const { fakes } = goodFakes(neighbours, {
        ...publisher,
        async publishPackages(batch) {
          // The next is there before this one is done: no quiet moment to wait for.
          if (batch.repository === 'tidy' && tidyCount() < 3) await askNext();
          return await publisher.publishPackages(batch);
        },
        async signPackages({ packages }) {
          signCount += 1;
          if (signCount === neighbours.length) gate.open();
          await gate.passed;
          return packages;
        },
      });
      rig.use(fakes);
    });

    test('publishRepository() writes few snapshots for many requests', async () => {
      const kmods = Array.from({ length: 30 }, (_, index) => `k${index}`);

      await Promise.all(kmods.map((kmod) => ask(rig, 'many', kmod)));
      await until(() => of('many').flat().length >= kmods.length);

      assert.deepEqual(of('many').flat().sort(), kmods.toSorted());
      assert.ok(of('many').length < kmods.length / 2, `${of('many').length} snapshots`);
      await rig.client.workflow.getHandle('publish/many').terminate();
    });

    test('publishRepository() refuses one request and serves its neighbours', async () => {
      const handles = await Promise.all(neighbours.map((cell) => startRebuild(rig, cell)));
      const results = await Promise.all(handles.map((handle) => handle.result()));

      assert.deepEqual(
        results.map(({ outcome }) => outcome.kind),
        ['published', 'failed', 'published'],
      );
      const outcome = results[1]?.outcome;
      assert.ok(outcome?.kind === 'failed');
      assert.equal(outcome.step, 'publish');
      assert.match(outcome.reason, /expected a new name, found other content$/);
      assert.deepEqual(of('kmods').flat().sort(), ['fine', 'good']);
    });

    test('publishRepository() continues as new and loses no request', async () => {
      const handle = rig.client.workflow.getHandle('publish/long');
      const kmods = Array.from({ length: 40 }, (_, index) => `k${index}`);

      await ask(rig, 'long', 'first');
      const { runId } = await handle.describe();
      for (const [index, kmod] of kmods.entries()) {
        await ask(rig, 'long', kmod);
        if (index % 8 === 7) await delay(150);
      }
      await until(() => of('long').flat().length > kmods.length);

      assert.deepEqual(of('long').flat().sort(), ['first', ...kmods].sort());
      const now = await handle.describe();
      assert.equal(now.status.name, 'RUNNING');
      assert.notEqual(now.runId, runId);
      await handle.terminate();
    });

    test('publishRepository() rolls back between two batches, and tells who asked', async () => {
      await ask(rig, 'back', 'before');
      await until(() => of('back').length === 1);

      const [result] = await Promise.all([
        rollBack(rig, 'back', { to: '000001', by: 'ann', why: 'oops' }),
        ask(rig, 'back', 'after'),
      ]);
      await until(() => of('back').length === 3);

      assert.deepEqual(result, { snapshot: 'rolled back', packageCount: 1 });
      assert.equal(
        of('back')
          .flat()
          .filter((name) => name === 'ann: oops, to 000001').length,
        1,
      );
      assert.ok(of('back').flat().includes('after'));
      await rig.client.workflow.getHandle('publish/back').terminate();
    });

    test('publishRepository() is started for a rollback, and goes on after one that fails', async () => {
      const failed = await rollBack(rig, 'fresh', { by: 'ann', why: 'impossible' }).catch(sayCause);
      await ask(rig, 'fresh', 'a');
      await until(() => of('fresh').length === 1);

      assert.equal(failed, 'Cannot use "fresh": expected a snapshot, found none');
      await rig.client.workflow.getHandle('publish/fresh').terminate();
    });

    test('publishRepository() refuses a rollback without who and why before it is history', async () => {
      await ask(rig, 'strict', 'a');
      const commands: readonly Parameters<typeof rollBack>[2][] = [
        { by: 'ann', why: ' ' },
        { by: 'a\nnn', why: 'oops' },
        { by: 'ann', why: 'oops', to: '../1' },
      ];

      for (const command of commands) {
        const said = await rollBack(rig, 'strict', command).catch(sayCause);
        assert.match(`${said}`, /^Cannot roll back: expected /);
      }

      const handle = rig.client.workflow.getHandle('publish/strict');
      const { events } = await handle.fetchHistory();
      assert.ok(!JSON.stringify(events).includes('rollBack'));
      await handle.terminate();
    });

    test('publishRepository() answers every rollback while it continues as new', async () => {
      const numbers = Array.from({ length: 12 }, (_, index) => index);
      await ask(rig, 'turns', 'first');
      const { runId } = await rig.client.workflow.getHandle('publish/turns').describe();

      for (const number of numbers) {
        await Promise.all([
          rollBack(rig, 'turns', { by: 'ann', why: `why ${number}` }),
          ask(rig, 'turns', `k${number}`),
        ]);
      }
      await until(() => of('turns').flat().length >= 2 * numbers.length + 1);

      const expected = ['first', ...numbers.flatMap((one) => [`k${one}`, `ann: why ${one}`])];
      assert.deepEqual(of('turns').flat().sort(), expected.sort());
      const handle = rig.client.workflow.getHandle('publish/turns');
      assert.notEqual((await handle.describe()).runId, runId);
      await handle.terminate();
    });

    test('publishRepository() tidies from time to time, however much comes', async () => {
      await rig.client.workflow.start<typeof publishRepository>('publishRepository', {
        workflowId: 'publish/tidy',
        taskQueue: CONTROL_QUEUE,
        args: [{ repository: 'tidy', options: { ...OPTIONS, tidyMs: 100 } }],
      });
      const published = (): readonly string[] =>
        of('tidy')
          .flat()
          .filter((name) => name !== 'tidied');

      await askNext();
      await until(() => tidyCount() >= 3 && published().length >= asked.length);

      assert.deepEqual(published(), asked);
      await rig.client.workflow.getHandle('publish/tidy').terminate();
    });

    test('publishRepository() lets go of a long history when it has tidied, and of no request', async () => {
      const first = await rig.client.workflow.start<typeof publishRepository>('publishRepository', {
        workflowId: 'publish/quiet',
        taskQueue: CONTROL_QUEUE,
        args: [
          {
            ...{ repository: 'quiet', options: { ...OPTIONS, tidyMs: 1 } },
            ...{ longHistoryEvents: 5, pending: [requestOf('first')] },
          },
        ],
      });
      const handle = rig.client.workflow.getHandle('publish/quiet');
      await until(() => of('quiet').flat().includes('first'));
      await until(
        () =>
          of('quiet')
            .flat()
            .filter((name) => name === 'tidied').length > 8,
      );

      const history = await rig.client.workflow
        .getHandle('publish/quiet', first.firstExecutionRunId)
        .fetchHistory();
      const last = history.events?.at(-1);
      assert.ok(last?.workflowExecutionContinuedAsNewEventAttributes);
      // Long before the server suggests it.
      assert.ok(Number(last.eventId) < SUGGEST_CONTINUE_AS_NEW_EVENTS, `${last.eventId} events`);
      const [started] = (await handle.fetchHistory()).events ?? [];
      const given = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      const [input] = given.map(({ data }) => JSON.parse(Buffer.from(data ?? '').toString()));
      assert.match(input.details, /^Serving snapshot/);
      await handle.terminate();
    });

    test('publishRepository() works by the options that it was told last, also as a new run', async () => {
      const handle = rig.client.workflow.getHandle('publish/told');
      await ask(rig, 'told', 'first');
      const { runId } = await handle.describe();
      const options = { ...OPTIONS, gatedStreams: ['elsewhere'] };

      await handle.signal(configureSignal, options);
      for (let asked = 0; (await handle.describe()).runId === runId; asked += 1) {
        await ask(rig, 'told', `k${asked}`);
        await delay(50);
      }

      const { events } = await handle.fetchHistory();
      const [started] = events ?? [];
      const given = started?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
      const [input] = given.map(({ data }) => JSON.parse(Buffer.from(data ?? '').toString()));
      assert.deepEqual(input.options, options);
      await handle.terminate();
    });

    test('publishRepository() brings what is served to the mirror, and goes on when that fails', async () => {
      await ask(rig, 'elsewhere', 'a');
      await until(() => of('elsewhere').length === 2);
      await ask(rig, 'elsewhere', 'b');
      await until(() => of('elsewhere').length === 4);

      assert.deepEqual(of('elsewhere'), [['a'], ['mirrored'], ['b'], ['mirrored']]);
      await rig.client.workflow.getHandle('publish/elsewhere').terminate();
    });

    test('publishRepository() begins with what the run before did not get to', async () => {
      const pending = [requestOf('a'), requestOf('b')];

      await rig.client.workflow.start<typeof publishRepository>('publishRepository', {
        workflowId: 'publish/pending',
        taskQueue: CONTROL_QUEUE,
        args: [{ repository: 'pending', options: OPTIONS, pending }],
      });
      await until(() => of('pending').length > 0);

      assert.deepEqual(of('pending'), [['a', 'b']]);
      await rig.client.workflow.getHandle('publish/pending').terminate();
    });
  });
}
