import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import { type EngineProxy, startEngineProxy } from '../support/engine-proxy.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order, and nobody gives a command.

const TIMEOUT_MS = 90_000;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-heals-'));
const sourceDirectory = join(directory, 'source');
const spec = join(sourceDirectory, 'acpi-call-kmod.spec');
let engine: EngineProxy;
let world: World;

async function changeSpec(change: (text: string) => string): Promise<void> {
  await writeFile(spec, change(await readFile(spec, 'utf8')));
}

async function waitForState(state: string): Promise<string> {
  const isSo = (cell: { readonly release: string; readonly state: string }): boolean =>
    cell.release === first && cell.state === state;
  const { cells } = await world.waitFor(
    `acpi-call is ${state}`,
    (report) => report.cells.some(isSo),
    TIMEOUT_MS,
  );
  return cells.find(isSo)?.sentence ?? '';
}

interface Remembered {
  readonly failure?: { readonly kind: string; readonly count: number };
}

async function readMemory(): Promise<Remembered['failure']> {
  const { stdout } = await world.rekmod('why', 'acpi-call', first, '--json');
  const [{ record }]: readonly [{ readonly record: Remembered }] = JSON.parse(stdout);
  return record.failure;
}

before(async () => {
  const [kmod] = takeKmods(lab, 'acpi-call');
  if (!kmod) throw new Error('the lab has no acpi-call');
  await cp(kmod.sourceDirectory, sourceDirectory, { recursive: true });
  const real = (process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock').replace('unix://', '');
  engine = await startEngineProxy(join(directory, 'engine.sock'), real);
  world = await World.create(lab, {
    directory,
    kmods: [{ ...kmod, sourceDirectory, spec }],
    poll: '2s',
    extra: [
      'sources: { poll: 3s }',
      'failures: { remember: 30s, retry: 4s, retryAtMost: 4s }',
    ].join('\n'),
    environment: { DOCKER_HOST: engine.address },
  });
  await world.up();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('a kernel that comes while the engine refuses everything is built when it does not any more', async () => {
  engine.refuse();
  await world.release(first);

  const sentence = await waitForState('failed');
  assert.match(sentence, /the container engine says .*storage driver is being moved/);
  assert.match(sentence, /tried again by itself after 20\d\d-/);
  assert.equal((await readMemory())?.kind, 'configuration');
  engine.open();

  await waitForState('built');
  assert.equal(await readMemory(), undefined);
});

test('an engine and a mirror that are away for a while lose nothing', async () => {
  engine.cut();
  await world.mirror.close();
  await changeSpec((text) => text.replace(/^Summary:.*$/m, 'Summary: While nobody was there'));
  const snapshot = await world.snapshot();
  // Long enough for looks and builds to fail, too short for a build's patience.
  await delay(8000);
  engine.open();

  const deadline = Date.now() + TIMEOUT_MS;
  while ((await world.snapshot()) === snapshot && Date.now() < deadline) await delay(300);

  assert.notEqual(await world.snapshot(), snapshot);
  await waitForState('built');
});

test('a kmod that fails is not built at each look, but when the memory of it expires and when its source changes', async () => {
  await changeSpec((text) => text.replace(/^%build$/m, '%build\nfalse'));
  const sentence = await waitForState('failed');
  assert.match(sentence, /remembered until 20\d\d-.*unless source, toolchain or kernel changes/);
  const failedAt = Date.now();
  const plan = await world.rekmod('plan', '--kernel', first);
  assert.match(plan.stdout, /failed\s+before\s+from\s+the\s+same\s+source\s+and\s+toolchain/);

  // Looks at the sources, and at a mirror that is still away.
  await delay(6000);
  const memory = await readMemory();
  assert.deepEqual([memory?.kind, memory?.count], ['outcome', 1]);

  while ((await readMemory())?.count === 1) {
    assert.ok(Date.now() - failedAt < TIMEOUT_MS, 'it is not tried again');
    await delay(500);
  }
  await changeSpec((text) => text.replace(/^%build\nfalse$/m, '%build'));
  await waitForState('built');
});
