import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { FailureInterceptor } from '../../activities/failures.ts';
import { findProgram } from '../../activities/find-program.ts';
import { publishActivities } from '../../activities/publish.ts';
import { runProgram } from '../../activities/run-program.ts';
import type { PublishedPackage } from '../../activities/snapshot/decide-publication.ts';
import { pathOfSnapshot, readCurrentSnapshot } from '../../activities/snapshot/snapshot-place.ts';
import { readSnapshotContent } from '../../activities/snapshot/snapshot-records.ts';
import { cacheDirectory } from '../../cli/context.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { startFileServer } from '../../cli/http-server.ts';
import { findTemporal } from '../../cli/temporal-server.ts';
import { describeClient, queryByDnf } from '../../lab/query-by-dnf.ts';
import { serveDirectory } from '../../lab/serve-directory.ts';
import { makeTinyRpms } from '../../lab/tiny-rpms.ts';
import { CONTROL_QUEUE, PUBLISH_QUEUE } from '../../model/task-queues.ts';
import type { PublicationRequest } from '../../model/workflow-messages.ts';
import { publishSignal } from '../../workflows/messages.ts';
import type { publishRepository } from '../../workflows/publish-repository.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, KEEP, makeDataRig, settingsOf } from '../support/data-rig.ts';
import { findFreePort, startHttpRig } from '../support/http-rig.ts';
import { type KeyRig, makeKeyRig } from '../support/publish-rig.ts';
import { installQuietRuntime } from '../support/quiet-runtime.ts';
import { requireTestBundle } from '../support/test-bundle.ts';
import { startTestServer } from '../support/workflow-rig.ts';

// The publisher with real packages, a real Temporal and a real dnf.

const SIGNAL_COUNT = 200;
let keyRig: KeyRig;
let rig: DataRig;

before(async () => {
  keyRig = await makeKeyRig();
  rig = await makeDataRig();
});

after(async () => {
  await rig[Symbol.asyncDispose]();
  await keyRig[Symbol.asyncDispose]();
});

/** The activities of repositories of which each keeps one build of a package. */
async function openPublisher(...names: readonly string[]) {
  const dnf = await findProgram('dnf', process.env.PATH ?? '');
  const repositories = names.map((name) => ({ name, keep: { ...KEEP, buildCount: 1 } }));
  return publishActivities({
    ...{ ...rig, key: keyRig.key, serverUrl: 'http://127.0.0.1:8470', now: () => new Date() },
    ...(dnf === undefined ? {} : { dnf }),
    settings: settingsOf({ repositories }),
  });
}

async function store(count: number, number: number): Promise<readonly PublishedPackage[]> {
  const options = { count, release: `1.b${number}` };
  const rpms = await makeTinyRpms(rig.scratch.at('rpms'), options);
  return await Promise.all(
    rpms.map(async ({ path, fileName, nevra }) => {
      const cell = { stream: 'lab', release: '6.1.0-1', kmod: nevra.name };
      return { fileName, nevra, cell, ...(await rig.store.addFile(path)) };
    }),
  );
}

/** Asks the publisher for one package, as a rebuild does that was ended since. */
async function ask(
  client: Client,
  repository: string,
  { cell, ...file }: PublishedPackage,
): Promise<void> {
  const requester = { workflowId: 'rebuild/none', runId: '01a20888-ea51-793d-a8cb-2326afb26e7f' };
  const request = { repository, packages: [file], requester, ...(cell ? { cell } : {}) };
  const options = { publishBatchMs: 100, tidyMs: 3_600_000 };
  await client.workflow.signalWithStart<typeof publishRepository, [PublicationRequest]>(
    'publishRepository',
    {
      workflowId: `publish/${repository}`,
      taskQueue: CONTROL_QUEUE,
      args: [{ repository, options }],
      signal: publishSignal,
      signalArgs: [request],
    },
  );
}

async function readServed(repository: string): Promise<readonly string[]> {
  const directory = join(rig.data.repositories, repository);
  const snapshot = await readCurrentSnapshot(directory);
  if (snapshot === undefined) return [];
  const { packages } = await readSnapshotContent(pathOfSnapshot(directory, snapshot));
  return packages.map(({ fileName }) => fileName).sort();
}

async function waitForServed(repository: string, isDone: (names: readonly string[]) => boolean) {
  for (let i = 0; i < 600 && !isDone(await readServed(repository)); i += 1) await delay(100);
  assert.ok(isDone(await readServed(repository)), `${await readServed(repository)}`);
}

/** A real Temporal with the publisher's workflow and activities. */
interface PublisherRig extends AsyncDisposable {
  readonly client: Client;
  readonly address: string;
  /** Snapshots that were asked for, and the most at the same time. */
  readonly writes: { count: number; most: number };
}

async function startPublisherRig(...repositories: readonly string[]): Promise<PublisherRig> {
  installQuietRuntime();
  const server = await startTestServer(
    await findTemporal(process.env.PATH ?? '', cacheDirectory()),
  );
  const connection = await NativeConnection.connect({ address: server.address });
  const activities = await openPublisher(...repositories);
  const writes = { count: 0, most: 0, now: 0 };
  const workers = await startPublisherWorkers(connection, {
    ...activities,
    async publishPackages(request: Parameters<typeof activities.publishPackages>[0]) {
      writes.count += 1;
      writes.now += 1;
      writes.most = Math.max(writes.most, writes.now);
      return await activities.publishPackages(request).finally(() => {
        writes.now -= 1;
      });
    },
  });
  return {
    ...{ address: server.address, client: new Client({ connection: server.connection }), writes },
    async [Symbol.asyncDispose]() {
      for (const { worker } of workers) worker.shutdown();
      await Promise.all(workers.map(({ run }) => run));
      await connection.close();
      await server.connection.close();
      server.child.kill('SIGKILL');
      await once(server.child, 'close');
    },
  };
}

async function startPublisherWorkers(
  connection: NativeConnection,
  activities: Awaited<ReturnType<typeof openPublisher>>,
): Promise<readonly { readonly worker: Worker; readonly run: Promise<void> }[]> {
  const codePath = await requireTestBundle();
  const workers = [
    await Worker.create({ connection, taskQueue: CONTROL_QUEUE, workflowBundle: { codePath } }),
    await Worker.create({
      ...{ connection, taskQueue: PUBLISH_QUEUE, activities },
      interceptors: { activity: [({ info }) => ({ inbound: new FailureInterceptor(info) })] },
    }),
  ];
  return workers.map((worker) => ({ worker, run: worker.run() }));
}

test('two hundred requests at once: one writer, few snapshots, nothing lost', async () => {
  await using publisher = await startPublisherRig('many');
  const { client, writes } = publisher;
  const files = await store(SIGNAL_COUNT, 1);
  const [first, ...rest] = files;
  assert.ok(first);
  await ask(client, 'many', first);
  const handle = client.workflow.getHandle('publish/many');
  const { runId } = await handle.describe();

  // The run's history is long after the first of them: it continues as new while others come.
  await Promise.all(rest.map((file) => ask(client, 'many', file)));
  await waitForServed('many', ({ length }) => length === SIGNAL_COUNT);

  const directory = join(rig.data.repositories, 'many');
  const path = join(directory, 'current');
  const found = await queryByDnf(path, keyRig.key.publicKeyFile, rig.scratch.at('client'));
  assert.deepEqual(found, files.map(({ fileName }) => fileName.replace(/\.rpm$/, '')).sort());
  assert.equal(writes.most, 1);
  const snapshot = Number(await readCurrentSnapshot(directory));
  assert.ok(snapshot <= 20, `${snapshot} snapshots in ${writes.count} batches`);
  assert.notEqual((await handle.describe()).runId, runId);
});

test('rekmod rollback goes back with who and why, and publications go on from there', async () => {
  await using publisher = await startPublisherRig('back');
  const { client, address } = publisher;
  const config = rig.scratch.at('rekmod.yaml');
  await writeFile(config, 'repositories:\n  back: { keep: { builds: 1 } }\n');
  const rekmod = async (...args: readonly string[]) => {
    const env = { REKMOD_HOME: rig.data.root, REKMOD_CONFIG: config, TEMPORAL_ADDRESS: address };
    const bin = fileURLToPath(new URL('../../bin/rekmod', import.meta.url));
    return await runProgram([bin, ...args], { env, okCodes: [0, 1, 2, 3] });
  };
  const [one] = await store(1, 1);
  const [two] = await store(1, 2);
  const [three] = await store(1, 3);
  assert.ok(one && two && three);
  await ask(client, 'back', one);
  const { runId } = await client.workflow.getHandle('publish/back').describe();
  for (const file of [one, two]) {
    await ask(client, 'back', file);
    await waitForServed('back', (names) => names.includes(file.fileName));
  }

  const done = await rekmod('rollback', 'back', '--why', 'tiny oopses', '--by', 'ann', '--json');
  const served = await readServed('back');
  const listed = await rekmod('snapshots', 'back');
  const refused = await rekmod('rollback', 'back', '--to', '99', '--why', 'x');
  const careless = await rekmod('rollback', 'back', '--why', ' ');
  await ask(client, 'back', two);
  await ask(client, 'back', three);
  await waitForServed('back', (names) => names.includes(three.fileName));

  assert.deepEqual(JSON.parse(done.stdout), { snapshot: '000003', packageCount: 1 });
  assert.deepEqual(served, [one.fileName]);
  assert.match(listed.stdout, /^000003 {2}served .* rolled back to 000001 by ann: tiny oopses$/m);
  assert.match(listed.stdout, /kmod-tiny-00001-1-1\.b2\.noarch\.rpm \(by ann, .*: tiny oopses\)/);
  assert.equal(refused.exitCode, EXIT.configuration);
  assert.match(
    refused.stderr,
    /Cannot roll back "back": expected one of its snapshots .* "000099"/,
  );
  assert.equal(careless.exitCode, EXIT.configuration);
  assert.deepEqual(await readServed('back'), [three.fileName]);
  const [update] = await listUpdates(client, 'publish/back', runId);
  const command = JSON.parse(update ?? '{}');
  assert.deepEqual(command, { why: 'tiny oopses', by: 'ann' });
});

/** What updates were accepted by a run and those that it continued as. */
async function listUpdates(
  client: Client,
  workflowId: string,
  firstRunId: string,
): Promise<readonly string[]> {
  const updates: string[] = [];
  for (let runId: string | null | undefined = firstRunId; runId; ) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      const { acceptedRequest } = event.workflowExecutionUpdateAcceptedEventAttributes ?? {};
      const [payload] = acceptedRequest?.input?.args?.payloads ?? [];
      if (payload) updates.push(Buffer.from(payload.data ?? []).toString());
    }
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return updates;
}

/** Ways in which a repository reaches clients. */
const SERVERS: Readonly<Record<string, (name: string) => Promise<Served>>> = {
  async own(name) {
    const port = await findFreePort();
    const server = await startFileServer(rig.data, { host: '127.0.0.1', port });
    return { url: `${server.url}/repositories/${name}`, close: () => server.close() };
  },
  // As nginx would: it knows nothing of snapshots.
  async plain(name) {
    const server = await serveDirectory(join(rig.data.repositories, name, 'current'));
    return { url: server.url, close: () => server.close() };
  },
};

interface Served {
  readonly url: string;
  close(): Promise<void>;
}

for (const [title, serve] of Object.entries(SERVERS)) {
  test(`dnf that has read the old repomd.xml gets all that it names after the flip (${title} server)`, async () => {
    const { publishPackages } = await openPublisher(title);
    const publish = (packages: readonly PublishedPackage[]) =>
      inActivity(() => publishPackages({ repository: title, packages }));
    await publish(await store(3, 1));
    const next = await store(3, 2);
    const server = await serve(title);
    let flipCount = 0;
    await using proxy = await startHttpRig(async (request, response) => {
      // Between its first and its second question to the repository, every package is replaced.
      if (/primary\.xml/.test(request.url ?? '') && flipCount === 0) {
        flipCount += 1;
        await publish(next);
      }
      const answer = await fetch(`${server.url}${request.url}`);
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    });
    try {
      const scratch = rig.scratch.at(`client-${title}`);
      const { publicKeyFile } = keyRig.key;

      const found = await queryByDnf(`${proxy.url}/`, publicKeyFile, scratch);

      assert.equal(flipCount, 1);
      const old = [1, 2, 3].map((number) => `kmod-tiny-0000${number}-1-1.b1.noarch`);
      assert.deepEqual(found, old);
      // It believes that for two days, and fetches what is not listed any more.
      const argv = await describeClient(`${proxy.url}/`, publicKeyFile, scratch);
      const install = ['install', '--setopt=kmods.gpgcheck=0', '--downloadonly', 'kmod-tiny-00002'];
      await runProgram(['dnf', ...argv, ...install]);
      assert.ok(proxy.requests.includes(`GET /Packages/kmod-tiny-00002-1-1.b1.noarch.rpm`));
      const fresh = await queryByDnf(`${proxy.url}/`, publicKeyFile, `${scratch}-fresh`);
      assert.deepEqual(
        fresh,
        old.map((name) => name.replace('.b1.', '.b2.')),
      );
    } finally {
      await server.close();
    }
  });
}
