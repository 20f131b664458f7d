import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { installInClient } from '../../lab/install-in-client.ts';
import type { Lab } from '../../lab/read-lab.ts';
import { removeWorld, World } from '../../lab/world.ts';
import type { CellState } from '../../model/cell-state.ts';
import type { StatusReport } from '../../model/status.ts';
import { type Family, makeFamily } from '../support/family-kmods.ts';
import { releaseOf, requireLab } from '../support/require-lab.ts';

// One world, one story: the tests below build on each other in their order.

const BUILD_TIMEOUT_MS = 90_000;
const USERS = ['tp-smapi', 'hdaps'] as const;
const lab: Lab = await requireLab();
const first = releaseOf(lab, 'first');
const changed = releaseOf(lab, 'changed');
const directory = await mkdtemp(join(tmpdir(), 'rekmod-family-'));
let world: World;
let family: Family;

function stateOf(report: StatusReport, kmod: string, release: string): CellState | undefined {
  return report.cells.find((cell) => cell.kmod === kmod && cell.release === release)?.state;
}

/** Waits until all kmods of the family have a state. */
async function waitForStates(
  release: string,
  states: Readonly<Record<string, CellState>>,
): Promise<void> {
  await world.waitFor(
    JSON.stringify(states),
    (report) =>
      Object.entries(states).every(([kmod, state]) => stateOf(report, kmod, release) === state),
    BUILD_TIMEOUT_MS,
  );
}

/** What `rekmod why --json` tells of a kmod. */
async function explain(kmod: string, release: string): Promise<Explained> {
  const { stdout, stderr } = await world.rekmod('why', kmod, release, '--json');
  assert.equal(stderr, '');
  const [explained]: readonly Explained[] = JSON.parse(stdout);
  assert.ok(explained);
  return explained;
}

interface Explained {
  readonly record: {
    readonly updatedAt: string;
    readonly workflowId: string;
    readonly lastBuild?: { readonly build: { readonly buildNumber: number } };
  };
}

before(async () => {
  family = await makeFamily(lab, join(directory, 'family'));
  world = await World.create(lab, {
    directory,
    released: [first],
    kmods: [],
    moreKmods: { ...family.kmods, ping: CYCLE.ping, pong: CYCLE.pong },
  });
  await world.up();
});

const CYCLE = {
  ping: `dkms: ${directory}/family/hdaps, needs: [pong]`,
  pong: `dkms: ${directory}/family/hdaps, needs: [ping]`,
};

after(async () => {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
});

test('a family of kmods is built in its order, in one rollout, from nothing', async () => {
  await waitForStates(first, { 'thinkpad-ec': 'built', 'tp-smapi': 'built', hdaps: 'built' });

  const provider = (await explain('thinkpad-ec', first)).record;
  for (const kmod of USERS) {
    const { updatedAt } = (await explain(kmod, first)).record;
    assert.ok(updatedAt > provider.updatedAt, `${kmod} at ${updatedAt}`);
  }
});

test('plan tells what needs what, and from where that is known', async () => {
  const { stdout } = await world.rekmod('plan', '--kernel', first);

  assert.match(stdout, /needs thinkpad-ec \(its build requires kmod-thinkpad-ec-devel\)/);
  assert.match(stdout, /needs thinkpad-ec \(the configuration says so\)/);
  assert.match(stdout, /needs thinkpad-ec \(it imports thinkpad_ec_\w+\)/);
});

test('a cycle is refused with its path, by the rollout, by plan and by config check', async () => {
  await waitForStates(first, { ping: 'blocked', pong: 'blocked' });
  const plan = await world.rekmod('plan', '--kernel', first);
  const check = await world.rekmod('config', 'check');
  const why = await world.rekmod('why', 'pong', first);

  assert.match(plan.stdout, /blocked: it needs itself \(ping → pong → ping\)/);
  assert.equal(check.exitCode, 3);
  assert.match(check.stdout, /ping → pong → ping; these kmods cannot be built, all others can/);
  assert.match(why.stdout, /\(ping → pong → ping\)/);
});

test('a provider that does not compile blocks what needs it, by its name', async () => {
  await family.changeProvider('s/^static int __init/this is no C\\n&/');
  await world.release(changed);

  await waitForStates(changed, {
    'thinkpad-ec': 'failed',
    'tp-smapi': 'blocked',
    hdaps: 'blocked',
  });
  const why = await world.rekmod('why', 'hdaps', changed);
  const alone = await world.rekmod('rebuild', 'tp-smapi', '--kernel', changed);

  assert.match(why.stdout, /it needs thinkpad-ec, which could not be/);
  assert.equal(alone.exitCode, 1);
  assert.match(alone.stdout, /blocked: it needs thinkpad-ec/);
});

test('healing the provider has the others built without a hand', async () => {
  await family.healProvider();
  const healed = await world.rekmod('rebuild', 'thinkpad-ec', '--kernel', changed);
  assert.equal(healed.exitCode, 0, healed.stderr);

  await waitForStates(changed, { 'thinkpad-ec': 'built', 'tp-smapi': 'built', hdaps: 'built' });
});

test("a provider's CRCs alone rebuild what needs it", async () => {
  await family.changeProvider(
    's/^int thinkpad_ec_lock/long thinkpad_ec_lock/; s/int __must_check thinkpad_ec_lock/long __must_check thinkpad_ec_lock/',
  );
  const rebuilt = await world.rekmod('rebuild', 'thinkpad-ec', '--kernel', changed);
  assert.equal(rebuilt.exitCode, 0, rebuilt.stderr);

  const deadline = Date.now() + BUILD_TIMEOUT_MS;
  for (const kmod of USERS) {
    for (;;) {
      const { lastBuild } = (await explain(kmod, changed)).record;
      if (lastBuild?.build.buildNumber === 2) break;
      assert.ok(Date.now() < deadline, `${kmod} was not built again`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
});

test('a real dnf brings the provider with what needs its symbols', async () => {
  const { moduleDirectories } = await installInClient(world, ['kmod-tp-smapi', 'kmod-hdaps']);

  assert.deepEqual(moduleDirectories.map((path) => path.split('/extra/').at(-1)).sort(), [
    'hdaps',
    'thinkpad-ec',
    'tp-smapi',
  ]);
});
