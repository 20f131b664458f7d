import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { installInClient } from '../../lab/install-in-client.ts';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { CellState } from '../../model/cell-state.ts';
import type { StatusReport } from '../../model/status.ts';
import { listOwnContainers } from '../support/list-own-containers.ts';
import { makeKmod } from '../support/made-kmods.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const BUILD_TIMEOUT_MS = 240_000;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const changed = releaseOf(lab, 'changed');
const same = releaseOf(lab, 'same');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-'));
const GOOD = ['acpi-call', 'tp-smapi'] as const;
let world: World;

function stateOf(report: StatusReport, kmod: string, release: string): CellState | undefined {
  return report.cells.find((cell) => cell.kmod === kmod && cell.release === release)?.state;
}

function haveEnded(report: StatusReport, release: string): boolean {
  const cells = report.cells.filter((cell) => cell.release === release);
  const open: readonly CellState[] = ['unknown', 'waiting', 'running'];
  return cells.length > 0 && cells.every((cell) => !open.includes(cell.state));
}

async function listRpms(): Promise<readonly string[]> {
  return await readdir(join(world.home, 'repositories', 'kmods', 'current', 'Packages'));
}

before(async () => {
  const made = join(directory, 'made');
  world = await World.create(lab, {
    directory,
    released: [first],
    kmods: [
      ...takeKmods(lab, ...GOOD),
      await makeKmod(made, 'slow', 'slow'),
      await makeKmod(made, 'fails', 'compile-error'),
      await makeKmod(made, 'liar', 'no-modules'),
      await makeKmod(made, 'stranger', 'wrong-kernel'),
    ],
  });
  await world.up();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('a stream with a new kernel gets its kmods, and bad ones hold up nobody', async () => {
  const report = await world.waitFor(
    'the first kernel',
    (now) => haveEnded(now, first),
    BUILD_TIMEOUT_MS,
  );

  for (const kmod of [...GOOD, 'slow']) assert.equal(stateOf(report, kmod, first), 'built', kmod);
  for (const kmod of ['fails', 'liar', 'stranger']) {
    assert.equal(stateOf(report, kmod, first), 'failed', kmod);
  }
});

test('a compile error is shown with its line, a build without modules is refused', async () => {
  const fails = await world.rekmod('why', 'fails', first);
  const liar = await world.rekmod('why', 'liar', first);
  const stranger = await world.rekmod('why', 'stranger', first);
  const log = await world.rekmod('logs', 'fails', first);

  assert.match(fails.stdout, /^fails could not be compiled for kernel /);
  assert.match(fails.stdout, /failed while building.*this_was_removed_in_6_1/s);
  assert.match(liar.stdout, /failed while verifying.*expected kernel modules/s);
  assert.match(stranger.stdout, /failed while verifying.*expected vermagic of/s);
  assert.match(log.stdout, /implicit declaration of function/);
});

test('rebuild keeps what fits, fails with 1 and refuses unknown names with 3', async () => {
  const kept = await world.rekmod('rebuild', 'acpi-call');
  const planned = await world.rekmod('rebuild', 'acpi-call', '--force', '--dry-run', '--json');
  const failed = await world.rekmod('rebuild', 'fails', '--json');
  const unknown = await world.rekmod('rebuild', 'acpi-cal');

  assert.equal(kept.exitCode, 0, kept.stderr);
  assert.match(kept.stdout, /keep: built for this kernel/);
  assert.equal(JSON.parse(planned.stdout)[0].cells[0].verdict.why, 'forced');
  assert.equal(failed.exitCode, 1);
  assert.equal(JSON.parse(failed.stdout)[0].outcome.kind, 'failed');
  assert.equal(unknown.exitCode, 3);
  assert.match(unknown.stderr, /Cannot rebuild "acpi-cal"/);
});

test('the same cell triggered by two at once is one build', async () => {
  const [one, two] = await Promise.all([
    world.rekmod('rebuild', 'slow', '--force', '--json'),
    world.rekmod('rebuild', 'slow', '--force', '--json'),
  ]);
  const rpms = (await listRpms()).filter((name) => name.startsWith('kmod-slow'));

  assert.equal(one.exitCode, 0, one.stderr);
  assert.deepEqual(JSON.parse(one.stdout), JSON.parse(two.stdout));
  assert.equal(rpms.length, 2, `the first build and the forced one: ${rpms.join(', ')}`);
});

test('kill -9 in mid-build: the next up finishes it once and leaves nothing behind', async () => {
  const before = await listRpms();
  const { stdout } = await world.rekmod('rebuild', 'slow', '--force', '--no-wait');
  await waitForContainers((count) => count === 1);

  await world.end('SIGKILL');
  await world.up();

  await waitForEnd(stdout.trim());
  const added = (await listRpms()).filter((name) => !before.includes(name));
  assert.deepEqual(added.length, 1, `one new package: ${added.join(', ')}`);
  assert.match(added[0] ?? '', /^kmod-slow-1\.0-1\.k.*\.b3\./);
  assert.deepEqual(await listOwnContainers(world.home), []);
});

test('a cancelled rebuild takes its container with it and is recorded', async () => {
  const { stdout } = await world.rekmod('rebuild', 'slow', '--force', '--no-wait');
  await waitForContainers((count) => count === 1);

  await withClient((client) => client.workflow.getHandle(stdout.trim()).cancel());
  await waitForEnd(stdout.trim());

  await waitForContainers((count) => count === 0);
  const { stdout: why } = await world.rekmod('why', 'slow', first);
  assert.match(why, /^slow was not compiled for kernel .*somebody\s+stopped the work/s);
});

test('a kernel with another kABI is noticed, and what it changes is rebuilt', async () => {
  await world.release(changed);
  const report = await world.waitFor(
    'the changed kernel',
    (now) => haveEnded(now, changed),
    BUILD_TIMEOUT_MS,
  );
  const why = await world.rekmod('why', 'tp-smapi', changed);

  for (const kmod of GOOD) assert.equal(stateOf(report, kmod, changed), 'built', kmod);
  assert.match(
    why.stdout,
    /^tp-smapi has been compiled anew for kernel .*, because \d+ of the kernel functions it uses/,
  );
  assert.match(
    why.stdout,
    /^ +\w+ {2}0x[0-9a-f]{8} → 0x[0-9a-f]{8} {2}vmlinux \(the kernel's core\)$/m,
  );
});

test('a kernel with the same kABI causes no build and no snapshot', async () => {
  const snapshot = await world.snapshot();
  await world.release(same);
  const report = await world.waitFor(
    'the same kernel',
    (now) => haveEnded(now, same),
    BUILD_TIMEOUT_MS,
  );

  for (const kmod of GOOD) assert.equal(stateOf(report, kmod, same), 'kept', kmod);
  assert.equal(await world.snapshot(), snapshot);
  assert.equal(await countRebuilds('acpi-call', same), 0);
});

test('a real dnf installs kmods for the newest kernel with gpgcheck and repo_gpgcheck', async () => {
  const installed = await installInClient(world, ['kmod-acpi-call', 'kmod-tp-smapi']);

  assert.equal(installed.newestKernel, same);
  assert.ok(installed.packages.some((name) => name.startsWith('kmod-tp-smapi-')));
  assert.ok(installed.moduleDirectories.some((path) => path.endsWith('/extra/tp-smapi')));
});

test('a tampered primary is refused, said, and loses nothing', async () => {
  const kernels = (await world.status()).streams[0]?.kernels.length;
  await world.tamperPrimary();

  const bad = await world.waitFor(
    'a look that failed',
    (now) => now.streams[0]?.lastLook?.ok === false,
    60_000,
  );
  assert.match(bad.streams[0]?.lastLook?.message ?? '', /Cannot trust .*expected sha256/);
  assert.equal(bad.streams[0]?.kernels.length, kernels);

  await world.release(same);
  await world.waitFor('a good look', (now) => now.streams[0]?.lastLook?.ok === true, 60_000);
});

test('an unreachable mirror is said and loses nothing', async () => {
  await world.mirror.close();
  const bad = await world.waitFor(
    'a look that failed',
    (now) => now.streams[0]?.lastLook?.ok === false,
    60_000,
  );

  assert.match(bad.streams[0]?.lastLook?.message ?? '', /Cannot fetch .*ECONNREFUSED/);
  assert.equal(bad.streams[0]?.kernels.length, 3);
});

test('a second up on the same data refuses and names the first', async () => {
  const second = await world.rekmod('up');

  assert.equal(second.exitCode, 3);
  assert.match(second.stderr, new RegExp(`process ${world.pid} is using it already`));
});

test('SIGTERM ends up cleanly, Temporal and the signing agent with it', async () => {
  const mark = await readFile(join(world.home, 'temporal', 'server.pid'), 'utf8');
  const exitCode = await world.end('SIGTERM');
  const { pid }: { pid: number } = JSON.parse(mark);

  assert.equal(exitCode, 0);
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
  assert.deepEqual(await listOwnContainers(world.home), []);
  assert.deepEqual(await readdir(join(world.home, 'scratch')), []);
});

async function withClient<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

async function waitForEnd(workflowId: string): Promise<void> {
  await withClient((client) => client.workflow.getHandle(workflowId).result());
}

async function countRebuilds(kmod: string, release: string): Promise<number> {
  const query = `WorkflowId = "rebuild/${kmod}/lab/${release}"`;
  return (await withClient((client) => client.workflow.count(query))).count;
}

async function waitForContainers(condition: (count: number) => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition((await listOwnContainers(world.home)).length)) {
    assert.ok(Date.now() < deadline, 'waited a minute for containers');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
