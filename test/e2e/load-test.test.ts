import assert from 'node:assert/strict';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bootAndInsert } from '../../activities/load-test/boot-and-insert.ts';
import { prepareMachine, type TestMachine } from '../../activities/load-test/machine.ts';
import {
  type ModuleArchive,
  openModuleArchive,
} from '../../activities/load-test/module-archive.ts';
import { openRpm } from '../../activities/rpm-file.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { CellState } from '../../model/cell-state.ts';
import type { BootReport, LoadTestReport, ModuleLoad } from '../../model/load-test.ts';
import type { CellStatus } from '../../model/status.ts';
import { makeKmod } from '../support/made-kmods.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world, one story: what is built is put to the real kernel; then a module that is asked to misbehave.

const TIMEOUT_MS = 240_000;
const lab = await requireLab();
const release = releaseOf(lab, 'changed');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-load-'));
const signal = new AbortController().signal;
let world: World;

before(async () => {
  const made = join(directory, 'made');
  const actors = await Promise.all(
    ['actor', 'oopses', 'reported', 'refused'].map((name) => makeKmod(made, name, 'actor')),
  );
  world = await World.create(lab, {
    directory,
    released: [release],
    kmods: [...takeKmods(lab, 'v4l2loopback', 'tp-smapi'), ...actors],
    loadTests: {
      v4l2loopback: '{ mode: require, parameters: { v4l2loopback: devices=2 } }',
      'tp-smapi': '{ mode: require }',
      actor: '{ mode: require }',
      oopses: '{ mode: require, parameters: { oopses: act=oops } }',
      reported: '{ mode: report, parameters: { reported: act=oops } }',
      refused: '{ mode: require, parameters: { refused: act=refuse } }',
    },
  });
  await world.up();
  await world.waitFor('the kernel', ({ cells }) => haveEnded(cells), TIMEOUT_MS);
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

function haveEnded(cells: readonly CellStatus[]): boolean {
  const open: readonly CellState[] = ['unknown', 'waiting', 'running'];
  return cells.length === 6 && cells.every(({ state }) => !open.includes(state));
}

async function cellOf(kmod: string): Promise<CellStatus> {
  const cell = (await world.status()).cells.find((candidate) => candidate.kmod === kmod);
  if (!cell) throw new Error(`BUG: no cell ${kmod}`);
  return cell;
}

function reportOf({ outcome }: CellStatus): LoadTestReport {
  const report =
    outcome?.kind === 'published'
      ? outcome.build.loadTest
      : outcome?.kind === 'failed' && outcome.loadTest;
  if (!report) throw new Error(`BUG: no report in ${JSON.stringify(outcome)}`);
  return report;
}

async function listRpms(kmod: string): Promise<readonly string[]> {
  const packages = join(world.home, 'repositories', 'kmods', 'current', 'Packages');
  const names = await readdir(packages);
  return names
    .filter((name) => name.startsWith(`kmod-${kmod}-`))
    .map((name) => join(packages, name));
}

test('a real kmod that the real kernel takes is published with the report', async () => {
  const cell = await cellOf('v4l2loopback');
  const report = reportOf(cell);

  assert.equal(cell.state, 'built');
  assert.ok(report.kind === 'tested', JSON.stringify(report));
  assert.deepEqual([report.isGood, report.release], [true, release]);
  assert.ok(report.helpers.includes('videodev'), report.helpers.join());
  assert.match(cell.sentence, /loaded in the real kernel/);
});

test('modules that find no device are as good as loaded, and those that need them', async () => {
  const cell = await cellOf('tp-smapi');

  assert.equal(cell.state, 'built');
  assert.match(cell.sentence, /as far as one can without the device of thinkpad_ec/);
});

test('a kmod that crashes the kernel or is refused is not published where loading is required', async () => {
  const oopses = await cellOf('oopses');
  const refused = await cellOf('refused');
  const why = await world.rekmod('why', 'oopses', release);

  assert.deepEqual([oopses.state, refused.state], ['failed', 'failed']);
  assert.match(
    oopses.sentence,
    /the kernel crashed while loading oopses: BUG: kernel NULL pointer/,
  );
  assert.match(refused.sentence, /the kernel refused refused \(EINVAL\): .*the board is on fire/);
  assert.deepEqual([await listRpms('oopses'), await listRpms('refused')], [[], []]);
  assert.match(why.stdout, /and is not published, because that kernel crashed when it was tried/);
});

test('a kmod that crashes the kernel is published where that is only reported', async () => {
  const cell = await cellOf('reported');
  const report = reportOf(cell);

  assert.equal(cell.state, 'built');
  assert.ok(report.kind === 'tested' && report.end.kind === 'crashed');
  assert.equal((await listRpms('reported')).length, 1);
});

interface Stage {
  readonly machine: TestMachine;
  readonly archive: ModuleArchive;
  readonly actor: Uint8Array;
}

/** What the station left behind: the kernel's archive, the guest's init, and the actor's package. */
async function openStage(): Promise<Stage> {
  const cache = join(world.home, 'cache');
  const searchPath = process.env.PATH ?? '';
  const options = {
    arch: 'x86_64',
    cacheDirectory: join(cache, 'guest-init'),
    searchPath,
  } as const;
  const [rpm = ''] = await listRpms('actor');
  const files = await (await openRpm(rpm)).readFiles({
    wants: (path) => path.endsWith('actor.ko'),
    maxBytesPerFile: 10_000_000,
    signal,
  });
  return {
    machine: await prepareMachine({ ...options, signal }),
    archive: await openModuleArchive(join(cache, 'module-archives', 'lab', release)),
    actor: [...files.values()][0] ?? new Uint8Array(),
  };
}

/** Lets the actor act, each time in a group of its own. */
async function perform(acts: readonly string[], timeoutMs = 60_000): Promise<BootReport> {
  const { machine, archive, actor: bytes } = await openStage();
  const groups = acts.map((act) => ({
    name: act,
    modules: [{ name: 'actor', bytes, parameters: `act=${act}`, isUnderTest: true }],
  }));
  return await bootAndInsert({ machine, kernel: archive.kernel, groups, timeoutMs }, { signal });
}

function loadOf({ groups }: BootReport, group: string): ModuleLoad {
  const load = groups.find(({ name }) => name === group)?.modules[0]?.load;
  if (!load) throw new Error(`BUG: no group ${group}`);
  return load;
}

test('bootAndInsert() goes on after a refusal, and tells each group by itself', async () => {
  const report = await perform(['good', 'refuse', 'nodevice', 'warn', 'again']);

  assert.deepEqual([report.end.kind, report.release], ['completed', release]);
  const [refuse, nodevice, warn] = ['refuse', 'nodevice', 'warn'].map((act) => loadOf(report, act));
  assert.ok(refuse?.kind === 'refused' && nodevice?.kind === 'refused' && warn?.kind === 'loaded');
  assert.deepEqual([refuse.errno, nodevice.errno], ['EINVAL', 'ENODEV']);
  assert.deepEqual(refuse.sentences, ['acts: refuse', 'the board is on fire']);
  assert.equal(warn.kernelTaint, 'W');
  assert.equal(loadOf(report, 'again').kind, 'loaded');
});

test('bootAndInsert() names the group that crashed the kernel, and tries nothing after it', async () => {
  for (const [act, firstLine] of [
    ['oops', /^BUG: kernel NULL pointer dereference/],
    ['panic', /^Kernel panic - not syncing: as asked/],
    ['timer', /^BUG: |^Oops: |^general protection fault/],
    ['fake', /^the machine ended by itself without a last word \(QEMU's exit code 33\)/],
  ] as const) {
    const report = await perform(['good', act, 'again']);

    assert.ok(report.end.kind === 'crashed', `${act}: ${JSON.stringify(report)}`);
    assert.match(report.end.firstLine, firstLine);
    assert.equal(report.end.during.group, act);
    assert.deepEqual(loadOf(report, 'again'), {
      kind: 'not-tried',
      why: 'the kernel crashed before',
    });
    assert.equal(loadOf(report, 'good').kind, 'loaded');
  }
});

test('bootAndInsert() ends a kernel that hangs or floods its console', async () => {
  const ends = [
    ['sleep', /^no step ended within 15 s$/],
    ['loop', /^no step ended within 15 s$/],
    ['flood', /^it wrote more than 1048576 bytes on the console$/],
  ] as const;
  const reports = await Promise.all(
    ends.map(([act]) => perform(['good', act], act === 'flood' ? 60_000 : 15_000)),
  );

  for (const [at, [act, detail]] of ends.entries()) {
    const report = reports[at];
    assert.ok(report);
    assert.ok(report.end.kind === 'hung', `${act}: ${JSON.stringify(report)}`);
    assert.match(report.end.detail, detail);
    assert.deepEqual(report.end.during, { group: act, module: 'actor', step: 'insert' });
  }
});

test('nothing is left of load tests', async () => {
  assert.deepEqual(await readdir(join(world.home, 'scratch')), []);
  assert.deepEqual(await readdir(join(world.home, 'cache', 'module-archives', 'lab')), [release]);
});
