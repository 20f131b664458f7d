import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { openContentStore } from '../../activities/content-store.ts';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { openRecords } from '../../activities/records.ts';
import { connectDockerEngine } from '../../containers/docker-engine.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { UpkeepReport } from '../../model/upkeep.ts';
import { listOwnContainers } from '../support/list-own-containers.ts';
import { makeKmod } from '../support/made-kmods.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world whose disk is a small one of its own where this process may mount, and in which everything that
// is killed, stopped, full or forgotten must heal: the tests build on each other in their order.

const run = promisify(execFile);
const lab = await requireLab();
const release = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-upkeep-'));
const small = join(directory, 'small');
let hasSmallDisk = true;
let world: World;

before(async () => {
  await mkdir(join(small), { recursive: true });
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=700m,nr_inodes=60000', 'tmpfs', small]);
  } catch {
    hasSmallDisk = false;
  }
  world = await World.create(lab, {
    directory: small,
    released: [release],
    kmods: [
      ...takeKmods(lab, 'acpi-call'),
      await makeKmod(join(directory, 'made'), 'slow', 'slow'),
    ],
    limits: ['free: 100MiB', 'freeInodes: 5000'],
    // Two upkeeps, and what was not used in between goes.
    extra: 'upkeep: { every: 1h, grace: 1ms, kernels: 1ms }',
  });
  await world.up();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(small).catch(() => undefined);
  if (hasSmallDisk) await run('umount', ['--lazy', small]);
  await rm(directory, { recursive: true, force: true });
});

async function upkeep(...args: readonly string[]): Promise<UpkeepReport> {
  const end = await world.rekmod('upkeep', '--json', ...args);
  assert.equal(end.exitCode, 0, end.stdout + end.stderr);
  return JSON.parse(end.stdout);
}

function countRemoved(report: UpkeepReport, what: RegExp): number {
  const all = report.parts.flatMap(({ removed }) => removed);
  return all.find((removal) => what.test(removal.what))?.count ?? -1;
}

async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function waitUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `waited two minutes for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Everything that the records of published builds name is there. */
async function assertStoreIsWhole(): Promise<void> {
  const data = layOutDataDirectory(world.home);
  const store = openContentStore(data.store);
  const records = openRecords(data, store);
  const [kernel] = await records.listKernels('lab');
  assert.ok(kernel);
  for (const file of [kernel.devel, kernel.symvers]) await store.require(file);
  for (const { kmod, lastBuild } of await records.listCells('lab')) {
    assert.ok(lastBuild, kmod);
    for (const file of [...lastBuild.packages, lastBuild.build.modules]) await store.require(file);
  }
}

test('upkeeps in mid-build remove what nobody needs, and nothing that a build, a cell or a snapshot needs', async () => {
  const data = layOutDataDirectory(world.home);
  await waitUntil('a build', async () => (await listOwnContainers(world.home)).length > 0);
  const lone = await openContentStore(data.store).addText('nobody refers to this');
  await mkdir(join(data.scratch, 'dead'));
  const homeId = (await readFile(join(world.home, 'home-id'), 'utf8')).trim();
  const labels = { home: homeId, container: 'build', workflow: 'rebuild/gone', run: 'ended' };
  const flags = Object.entries(labels).flatMap(([k, v]) => ['--label', `io.rekmod.${k}=${v}`]);
  const argv = ['create', ...flags, '--entrypoint', '/bin/true', lab.image];
  const { stdout: container } = await run('docker', argv);

  const first = await upkeep();
  const told = await upkeep('--dry-run');
  assert.ok(existsSync(join(data.scratch, 'dead')));
  const second = await upkeep();

  assert.equal(countRemoved(first, /builds of ended runs/), 1);
  assert.equal(countRemoved(told, /scratch directories/), 1);
  assert.equal(countRemoved(second, /scratch directories/), 1);
  assert.ok(countRemoved(second, /files that nothing refers to/) >= 1);
  assert.ok(!existsSync(openContentStore(data.store).pathOf(lone.sha256)));
  assert.ok(!(await listOwnContainers(world.home)).includes(container.trim().slice(0, 12)));
  const { stdout } = await world.rekmod('doctor');
  assert.match(stdout, /ok +last upkeep: 20.*: (Removed|Nothing)/);
});

/** The slow build that runs, or another one where that has ended meanwhile. */
async function findSlowBuild(): Promise<string> {
  const running = await listOwnContainers(world.home);
  if (running.length > 0) return `rebuild/slow/lab/${release}`;
  const { stdout } = await world.rekmod('rebuild', 'slow', '--force', '--no-wait');
  return stdout.trim();
}

test('a worker that sleeps through its heartbeats ends what it did before it begins again', async () => {
  const workflowId = await findSlowBuild();
  await waitUntil('the build', async () => (await listOwnContainers(world.home)).length === 1);
  const [before] = await listOwnContainers(world.home);
  const pid = world.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await withClient(async (client) => {
      const rebuild = client.workflow.getHandle(workflowId);
      await waitUntil('the time-out', async () => {
        const { raw } = await rebuild.describe();
        return (raw.pendingActivities?.[0]?.attempt ?? 1) > 1;
      });
    });
  } finally {
    process.kill(pid, 'SIGCONT');
  }

  const seen = new Set<string>();
  let most = 0;
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const found = await listOwnContainers(world.home);
      most = Math.max(most, found.length);
      for (const id of found) seen.add(id);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const outcome: unknown = await withClient((client) =>
    client.workflow.getHandle(workflowId).result(),
  );
  isDone = true;
  await watching;

  assert.match(JSON.stringify(outcome), /"kind":"published"/);
  assert.equal(most, 1, 'never two containers of the cell');
  seen.delete(before ?? '');
  assert.equal(seen.size, 1, 'the attempt after it built anew');
  await world.waitFor(
    'both kmods',
    ({ cells }) => cells.filter(({ state }) => state === 'built').length === 2,
    60_000,
  );
  await upkeep();
  await upkeep();
  await assertStoreIsWhole();
});

test('a full disk is said and waited for, and what waited goes on when there is room', async (context) => {
  if (!hasSmallDisk) return context.skip('cannot mount here');
  const filler = join(small, 'filler');
  const { stdout: free } = await run('df', ['--output=avail', '-B1', small]);
  const bytes = Number(free.split('\n')[1]) - 50 * 1024 ** 2;
  await run('fallocate', ['-l', String(bytes), filler]);
  const snapshot = await world.snapshot();
  const { stdout } = await world.rekmod('rebuild', 'acpi-call', '--force', '--no-wait');

  await waitUntil('the reason', async () =>
    /Cannot begin ".*": expected 100\.0 MiB free, found \d/.test(
      await readFile(world.upLog, 'utf8'),
    ),
  );
  const doctor = await world.rekmod('doctor');
  assert.match(doctor.stdout, /MISSING +room at .*: expected 100\.0 MiB free, found/);
  assert.equal(await world.snapshot(), snapshot);
  // To the last byte, under Temporal's own database as well, while streams are looked at.
  await run('sh', ['-c', 'cat /dev/zero > "$1" 2>/dev/null || true', 'sh', `${filler}-rest`]);
  const record = layOutDataDirectory(world.home).streamFile('lab');
  await new Promise((resolve) => setTimeout(resolve, 7000));
  JSON.parse(await readFile(record, 'utf8'));
  await rm(`${filler}-rest`);
  await rm(filler);

  const outcome: unknown = await withClient((client) =>
    client.workflow.getHandle(stdout.trim()).result(),
  );
  assert.match(JSON.stringify(outcome), /"kind":"published"/);
  await assertStoreIsWhole();
});

test('a signer that is killed in mid-work is started again, and its work is done', async () => {
  const lock = await readFile(join(world.home, 'signing', 'signer.lock'), 'utf8');
  const { pid }: { pid: number } = JSON.parse(lock);
  const rebuild = world.rekmod('rebuild', 'acpi-call', '--force', '--json');
  process.kill(pid, 'SIGKILL');

  const { exitCode, stdout: outcome } = await rebuild;

  assert.equal(exitCode, 0, outcome);
  assert.match(await readFile(world.upLog, 'utf8'), /The signer ended \(SIGKILL\)/);
});

test('kill -9 of Temporal ends up, and the next one goes on where the work was', async () => {
  const { stdout } = await world.rekmod('rebuild', 'acpi-call', '--force', '--no-wait');
  const mark = await readFile(join(world.home, 'temporal', 'server.pid'), 'utf8');
  const { pid }: { pid: number } = JSON.parse(mark);

  process.kill(pid, 'SIGKILL');
  await waitUntil('the end of up', async () => world.pid === undefined);
  await world.up();

  const outcome: unknown = await withClient((client) =>
    client.workflow.getHandle(stdout.trim()).result(),
  );
  assert.match(JSON.stringify(outcome), /"kind":"published"/);
  await assertStoreIsWhole();
});

test('a record that a broken disk left torn stops the sweep and says which, and comes back when removed', async () => {
  const data = layOutDataDirectory(world.home);
  const plan = data.planFile({ stream: 'lab', release });
  const whole = await readFile(plan);
  await truncate(plan, 10);

  const refused = await world.rekmod('upkeep');
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stdout, /store: Cannot read state ".*plans.*": expected JSON/);
  await writeFile(plan, whole);

  await upkeep();
});

test('the names of buildroots count their users in a real engine', async () => {
  const { stdout: socket } = await run('docker', [
    'context',
    'inspect',
    '-f',
    '{{.Endpoints.docker.Host}}',
  ]);
  const engine = await connectDockerEngine(process.env.DOCKER_HOST ?? socket.trim(), 10_000);
  const image = await engine.findImage(lab.image);
  assert.ok(image);
  const name = { repository: `rekmod/home-${process.pid}-test`, tag: '0123456789abcdef' };
  const reference = `${name.repository}:${name.tag}`;

  await engine.tag(image.id, name);
  assert.ok((await engine.findImage(image.id))?.names.includes(reference));
  assert.equal(await engine.removeImage(reference), true);

  assert.equal(await engine.removeImage(reference), false);
  assert.ok(await engine.findImage(lab.image), 'the image has another name');
});

test('up ends, and leaves no container, no mount and no scratch', async () => {
  assert.equal(await world.end('SIGTERM'), 0);

  assert.deepEqual(await listOwnContainers(world.home), []);
  const { stdout } = await run('find', [join(world.home, 'scratch'), '-mindepth', '1']);
  assert.equal(stdout, '');
  assert.match(await readlink(join(world.home, 'repositories', 'kmods', 'current')), /snapshots/);
});
