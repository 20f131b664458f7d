import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import { releaseOf, requireLab, takeKmods } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const TIMEOUT_MS = 240_000;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-follow-sources-'));
const sourceDirectory = join(directory, 'source');
const spec = join(sourceDirectory, 'acpi-call-kmod.spec');
let world: World;

/** Changes the spec as somebody would who mends it. */
async function changeSpec(change: (text: string) => string): Promise<void> {
  await writeFile(spec, change(await readFile(spec, 'utf8')));
}

async function waitForState(state: string): Promise<void> {
  await world.waitFor(
    `acpi-call is ${state}`,
    ({ cells }) => cells.some((cell) => cell.release === first && cell.state === state),
    TIMEOUT_MS,
  );
}

before(async () => {
  const [kmod] = takeKmods(lab, 'acpi-call');
  if (!kmod) throw new Error('the lab has no acpi-call');
  await cp(kmod.sourceDirectory, sourceDirectory, { recursive: true });
  world = await World.create(lab, {
    directory,
    released: [first],
    kmods: [{ ...kmod, sourceDirectory, spec }],
    extra: 'sources: { poll: 5s }',
  });
  await world.up();
});

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('a spec that breaks and is mended is rebuilt both times without a command', async () => {
  await waitForState('built');
  const snapshot = await world.snapshot();

  await changeSpec((text) => text.replace(/^%build$/m, '%build\nfalse'));
  await waitForState('failed');
  await changeSpec((text) =>
    text.replace(/^%build\nfalse$/m, '%build').replace(/^Summary:.*$/m, 'Summary: Mended'),
  );
  await waitForState('built');

  assert.notEqual(await world.snapshot(), snapshot);
});

test('a source that failed is not tried again as long as it is the same', async () => {
  await changeSpec((text) => text.replace(/^%build$/m, '%build\nfalse'));
  await waitForState('failed');
  const before = await world.rekmod('why', 'acpi-call', first, '--json');

  // Three looks.
  await delay(20_000);

  const { stdout } = await world.rekmod('why', 'acpi-call', first, '--json');
  assert.equal(stdout, before.stdout);
});
