import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import { makeKmod } from '../support/made-kmods.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';

// One world, one story, without a restart: the tests below build on each other in their order.

const TIMEOUT_MS = 180_000;
const lab: Lab = await requireLab();
const release = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-reload-'));
const kmods = new Map(
  await Promise.all(
    (['good', 'slow', 'later'] as const).map(async (name) => {
      const behaviour = name === 'slow' ? 'slow' : 'good';
      return [name, await makeKmod(join(directory, 'kmods'), name, behaviour)] as const;
    }),
  ),
);
let world: World;
let connection: Connection;
let pid: number | undefined;

/** What stands in the configuration file now. */
const file = {
  streams: ['lab', 'spare'],
  kmods: ['good'] as readonly ('good' | 'slow' | 'later')[],
  gate: '',
  more: '',
};

function describe({ mirror }: World): readonly string[] {
  return [
    'streams:',
    ...file.streams.flatMap((name) => [
      `  ${name}:`,
      '    like: lab',
      `    urls: [${mirror.url}]`,
      '    poll: 1h',
      `    trust: { gpgKeys: [${lab.upstreamKey}], gpgCheck: true, repoGpgCheck: true }`,
      ...(name === 'lab' ? [file.gate] : []),
    ]),
    'targets:',
    `  lab: { like: lab, image: '${lab.image}' }`,
    'kmods:',
    ...file.kmods.map((name) => `  ${name}: { spec: ${kmods.get(name)?.spec}, streams: [lab] }`),
    file.more,
  ];
}

/** Writes the configuration anew; ports stay in its last lines. */
async function change(changes: Partial<typeof file>): Promise<void> {
  Object.assign(file, changes);
  const text = await readFile(world.configFile, 'utf8');
  const ports = text.split('\n').filter((line) => /^(temporal|server):/u.test(line));
  await writeFile(world.configFile, [...describe(world), ...ports, ''].join('\n'));
}

async function waitFor(kmod: string, state: string): Promise<void> {
  await world.waitFor(
    `${kmod} is ${state}`,
    ({ cells }) => cells.some((cell) => cell.kmod === kmod && cell.state === state),
    TIMEOUT_MS,
  );
}

before(async () => {
  world = await World.create(lab, { directory, released: [release], kmods: [], describe });
  await world.up();
  pid = world.pid;
  connection = await Connection.connect({ address: world.temporalAddress });
});

after(async () => {
  await connection.close();
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('a kmod that is added is built at once, without a restart', async () => {
  await waitFor('good', 'built');
  await change({ kmods: ['good', 'slow'] });

  const diff = await world.rekmod('config', 'diff');
  const reload = await world.rekmod('reload');

  assert.match(diff.stdout, /^\+ kmod slow \(source.kind: spec, .*streams: lab/u);
  assert.equal(reload.stdout, diff.stdout, reload.stderr);
  await waitFor('slow', 'running');
});

test('a file that is broken changes nothing and says where', async () => {
  await change({ more: 'limits: { parallelBuilds: many }' });

  const { exitCode, stdout, stderr } = await world.rekmod('reload');

  assert.equal(exitCode, 3);
  assert.equal(stdout, '');
  assert.match(stderr, /rekmod\.yaml:\d+:\d+: wrong "limits\.parallelBuilds"/u);
  process.kill(pid ?? 0, 'SIGHUP');
  await world.waitForLog(/Not reloaded: Cannot load .*\n.*rekmod\.yaml:\d+:\d+: wrong/u);
  await waitFor('slow', 'running');
});

test('limits, kmods and gates are taken while a build runs, and that build survives', async () => {
  await change({
    kmods: ['good', 'slow', 'later'],
    more: 'limits: { parallelBuilds: 1, buildTimeout: 20m }',
    gate: '    gate: { grace: 0s }',
  });

  const { stdout, stderr } = await world.rekmod('reload');

  assert.match(stdout, /^~ limits\.parallelBuilds: 2 → 1$/mu, stderr);
  assert.match(stdout, /^~ limits\.buildTimeout: 30m → 20m$/mu);
  assert.match(stdout, /^\+ kmod later/mu);
  assert.match(stdout, /^~ stream lab: gate\.grace: 0/mu);
  await waitFor('slow', 'running');
  await waitFor('slow', 'built');
  const { logs } = layOutDataDirectory(world.home);
  assert.equal((await readdir(join(logs, 'lab', release, 'slow'))).length, 1, 'built in one go');
  await waitFor('later', 'built');
  await world.waitFor(
    'the gate lets the kernel through',
    ({ streams }) =>
      streams.some((one) => one.kernels.some((kernel) => kernel.gate?.state === 'released')),
    TIMEOUT_MS,
  );
});

test('a stream that is removed is not looked at any more, and ports wait for the next start', async () => {
  await change({ streams: ['lab'] });
  const text = await readFile(world.configFile, 'utf8');
  await writeFile(world.configFile, text.replace(/^server: .*$/mu, 'server: { port: 1 }'));

  const { stdout, stderr } = await world.rekmod('reload', '--json');
  const again = await world.rekmod('reload');

  const { changes } = JSON.parse(stdout);
  assert.deepEqual(changes.taken, ['- stream spare', '- repository spare-gated'], stderr);
  assert.match(changes.needsRestart.join(), /^~ server\.port: \d+ → 1$/u);
  assert.match(again.stdout, /^Only the next start takes:\n {2}~ server\.port/u);
  const schedules: string[] = [];
  for await (const { scheduleId } of new Client({ connection }).schedule.list()) {
    schedules.push(scheduleId);
  }
  assert.deepEqual(schedules.sort(), ['sources', 'stream/lab', 'upkeep']);
  assert.equal(world.pid, pid, 'the same process');
});
