import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DnfClient } from '../../lab/dnf-client.ts';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { GateRecord, GateState } from '../../model/gate.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const TIMEOUT_MS = 240_000;
const WHY = ['--why', 'the test says so', '--by', 'ada'] as const;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const changed = releaseOf(lab, 'changed');
const same = releaseOf(lab, 'same');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-gate-'));
let world: World;
let client: DnfClient;

/** `6.1.0-54.amd64`, as packages name the kernel `6.1.0-54-amd64`. */
function evrOf(release: string): string {
  return release.replace(/-(?=[^-]*$)/, '.');
}

async function readGate(): Promise<GateRecord> {
  const { stdout } = await world.rekmod('gate', '--json');
  const [record]: readonly GateRecord[] = JSON.parse(stdout);
  assert.ok(record);
  return record;
}

async function waitForState(release: string, state: GateState): Promise<GateRecord> {
  let record: GateRecord | undefined;
  await world.waitFor(
    `${release} is ${state}, and served so`,
    (report) => report.cells.some((cell) => cell.release === release),
    TIMEOUT_MS,
  );
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; ) {
    record = await readGate();
    const isListed = record.view?.kind === 'served' && record.view.releases.includes(release);
    const isOpen = state === 'released' || state === 'waived';
    const kernel = record.kernels.find((one) => one.release === release);
    if (kernel?.state === state && isListed === isOpen) return record;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.fail(`${release} did not become ${state}: ${JSON.stringify(record, undefined, 1)}`);
}

async function waitForReason(release: string, reason: string): Promise<void> {
  for (const deadline = Date.now() + TIMEOUT_MS; Date.now() < deadline; ) {
    const { kernels } = await readGate();
    if (kernels.some((kernel) => kernel.release === release && kernel.reason === reason)) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  assert.fail(`${release} does not say "${reason}"`);
}

before(async () => {
  world = await World.create(lab, {
    directory,
    released: [first],
    kmods: takeKmods(lab, 'acpi-call'),
    gate: '{ grace: 0s }',
  });
  await world.up();
});

after(async () => {
  await client?.[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('a kernel is released when its kmod is there, and a real dnf installs both', async () => {
  const record = await waitForState(first, 'released');
  client = await DnfClient.start(world, 'lab-gated');

  const end = await client.dnf('install', 'kernel-core', 'kmod-acpi-call');

  assert.equal(end.exitCode, 0, end.stderr);
  assert.equal(record.kernels[0]?.reason, 'the required kmod is there');
  const installed = await client.installed('kernel-core', 'kmod-');
  assert.ok(installed.includes(`kernel-core-${evrOf(first)}.x86_64`), installed.join(' '));
  assert.equal(installed.filter((name) => name.startsWith('kmod-acpi-call')).length, 1);
});

test('a kernel whose kmod is frozen is held, and dnf update finds nothing', async () => {
  const frozen = await world.rekmod('freeze', 'acpi-call', ...WHY);
  assert.equal(frozen.exitCode, 0, frozen.stderr);
  await world.release(changed);
  await waitForState(changed, 'held');
  await waitForReason(changed, 'waits for acpi-call (frozen by ada: the test says so)');

  const listed = await world.rekmod('gate');
  const why = await world.rekmod('why', 'acpi-call', changed);
  const update = await client.dnf('update');

  assert.equal(listed.exitCode, 1);
  assert.match(listed.stdout, /held .*\n +waits for acpi-call \(frozen by ada: the test says so\)/);
  assert.match(why.stdout, /^acpi-call is not compiled .* it is frozen \(by ada/);
  assert.match(update.stdout, /Nothing to do/);
  assert.deepEqual(await client.visibleKernels(), [evrOf(first)]);
});

test('a thawed kmod is rebuilt, the kernel released, and both come in one transaction', async () => {
  const thawed = await world.rekmod('thaw', 'acpi-call', ...WHY);
  assert.equal(thawed.exitCode, 0, thawed.stderr);
  await waitForState(changed, 'released');

  const update = await client.dnf('update');
  const transaction = await client.lastTransaction();

  assert.equal(update.exitCode, 0, update.stderr);
  assert.match(transaction, new RegExp(`kernel-core-${evrOf(changed)}`));
  assert.match(transaction, /kmod-acpi-call/);
});

test('a recalled kernel is invisible to other machines and can be promoted again', async () => {
  const recalled = await world.rekmod('gate', 'recall', changed, ...WHY);
  assert.equal(recalled.exitCode, 0, recalled.stderr);
  assert.match(recalled.stdout, /recalled by ada: the test says so/);
  assert.deepEqual(await client.visibleKernels(), [evrOf(first)]);

  const promoted = await world.rekmod('gate', 'promote', changed, ...WHY, '--json');

  assert.equal(promoted.exitCode, 0, promoted.stderr);
  assert.equal(JSON.parse(promoted.stdout).kernels[0].state, 'released');
  assert.deepEqual(await client.visibleKernels(), [evrOf(first), evrOf(changed)]);
});

test('what makes no sense is refused with its reason and changes nothing', async () => {
  const unknown = await world.rekmod('waive', changed, 'nothing', '--until', '1h', ...WHY);
  const open = await world.rekmod('gate', 'promote', changed, ...WHY);
  const past = await world.rekmod('freeze', 'lab', '--until', '2020-01-01', ...WHY);
  const silent = await world.rekmod('gate', 'recall', changed, '--why', ' ');
  const kernel = await world.rekmod('gate', 'recall', '1.2.3', ...WHY);

  assert.deepEqual(
    [unknown, open, past, silent, kernel].map(({ exitCode }) => exitCode),
    [3, 3, 3, 3, 3],
  );
  assert.match(unknown.stderr, /Cannot waive "nothing": expected a kmod of stream "lab"/);
  assert.match(open.stderr, /Cannot promote .*found one that is released/);
  assert.match(past.stderr, /Cannot freeze: expected an end in the future/);
  assert.match(silent.stderr, /Cannot recall: expected "why" of 1 to 500 characters/);
  assert.deepEqual((await readGate()).rules.freezes, []);
});

test('a kernel that needs no build is released as well', async () => {
  await world.release(same);

  await waitForState(same, 'released');

  assert.deepEqual(await client.visibleKernels(), [first, changed, same].map(evrOf));
});

test('the gate can be read, and stays as it is, while nothing runs', async () => {
  const before = await readGate();
  await world.end('SIGKILL');

  assert.deepEqual(await readGate(), before);

  await world.up();
  await waitForState(same, 'released');
  const { kernels } = await readGate();
  assert.deepEqual(kernels, before.kernels);
});
