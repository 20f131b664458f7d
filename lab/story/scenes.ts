import { setTimeout as delay } from 'node:timers/promises';
import type { GatedKernel, GateRecord } from '../../model/gate.ts';
import { DnfClient } from '../dnf-client.ts';
import { chapter, say } from '../narrate.ts';
import type { NewerSuite } from '../newer-sources.ts';
import { watchKernel } from '../watch-kernel.ts';
import type { World } from '../world.ts';
import type { StoryKmod } from './sources.ts';

/** Where the story plays. */
export interface Stage {
  readonly world: World;
  /** Names of the kmods, all of them required. */
  readonly kmods: readonly string[];
}

/** A kernel that breaks a kmod. */
export interface Break {
  /** `uname -r` of the kernel that machines have. */
  readonly stays: string;
  /** `uname -r` of the one that comes. */
  readonly comes: string;
  readonly breaking: StoryKmod;
  /** Part of what the compiler must have said. */
  readonly error: RegExp;
  /** The suite whose source does not help yet, if there is one. */
  readonly tooOld?: NewerSuite;
  readonly healedBy: NewerSuite;
}

const TIMEOUT_MS = 15 * 60_000;
const GATED = 'lab-gated';

/** @throws {Error} Always. */
export function fail(reason: string): never {
  throw new Error(`The story did not come to its good end: ${reason}`);
}

/** rekmod comes up, a first kernel is built for and let through, a client installs it with its modules. */
export async function tellFirstKernel(
  { world, kmods }: Stage,
  release: string,
): Promise<DnfClient> {
  chapter(`${release}: ${kmods.length} modules are required, the gate waits for them`);
  await world.up();
  say(`up; status page ${world.serverUrl}/status/, Temporal UI ${world.temporalUi}`);
  await watchKernel(world, { release, kmodCount: kmods.length, timeoutMs: TIMEOUT_MS }, say);
  await waitForRelease(world, release);
  const client = await DnfClient.start(world, GATED);
  const { exitCode, stderr } = await client.dnf(
    ...['install', 'kernel-core', ...kmods.map((name) => `kmod-${name}`)],
  );
  if (exitCode !== 0) fail(`dnf install: ${stderr}`);
  say('a client installs kernel and modules with dnf from the gated repository alone');
  const installed = await listInstalled(client);
  for (const part of [`kernel-core-${evrOf(release)}`, ...kmods.map((name) => `kmod-${name}-`)]) {
    requireOne(installed, part);
  }
  return client;
}

/** A kernel comes that a module does not compile for: it is held, and the client stays where it is. */
export async function tellBreak(
  { world, kmods }: Stage,
  client: DnfClient,
  { stays, comes, breaking, error }: Break,
): Promise<void> {
  const { name } = breaking;
  chapter(`The vendor releases ${comes}; ${name} as Debian 12 has it does not compile on it`);
  await world.release(comes);
  const report = await watchKernel(
    world,
    { release: comes, kmodCount: kmods.length, timeoutMs: TIMEOUT_MS },
    say,
  );
  for (const cell of report.cells.filter(({ release }) => release === comes)) {
    const wanted = cell.kmod === name ? 'failed' : 'built';
    if (cell.state !== wanted) fail(`expected ${cell.kmod} ${wanted}, found ${cell.state}`);
  }
  const { reason } = await waitForGate(
    world,
    comes,
    (kernel) => kernel.state === 'held' && kernel.reason === `waits for ${name} (build failed)`,
  );
  say(`the gate holds ${comes}: ${reason}`);
  await show(world, 'gate');
  const why = await show(world, 'why', name, comes);
  if (!error.test(why)) fail(`rekmod why does not say ${error.source}`);

  chapter('The client asks for updates, every day');
  const update = await client.dnf('update');
  console.log(update.stdout);
  if (!update.stdout.includes('Nothing to do')) {
    fail(`dnf update found something: ${update.stdout}`);
  }
  const visible = await client.visibleKernels();
  if (!visible.includes(evrOf(stays)) || visible.includes(evrOf(comes))) {
    fail(`the client sees ${visible.join(', ')}`);
  }
  say(`it sees no other kernel than ${visible.join(', ')}, and stays on ${stays} with its modules`);
}

/** A newer source lands that does not compile either: tried once, and the kernel stays held. */
export async function tellVainAttempt(
  { world }: Stage,
  suite: NewerSuite,
  { comes, breaking: { name, mend } }: Break,
): Promise<void> {
  const version = await mend(suite);
  chapter(`A newer source lands: ${name} ${version}, as Debian ${suite} has it`);
  await world.waitFor(
    `${name} ${version} to be tried for ${comes}`,
    ({ cells }) =>
      cells.some(
        ({ kmod, release, state, sentence }) =>
          kmod === name && release === comes && state === 'failed' && sentence.includes(version),
      ),
    TIMEOUT_MS,
  );
  const { reason } = await waitForGate(world, comes, ({ state }) => state === 'held');
  say(`it was noticed and tried, and does not help; the gate holds ${comes}: ${reason}`);
}

/** The mended source lands, the kernel is let through, and the client takes both at once. */
export async function tellHealing(
  { world, kmods }: Stage,
  client: DnfClient,
  { comes, breaking, healedBy }: Break,
): Promise<void> {
  const version = await breaking.mend(healedBy);
  chapter(`A mended source lands: ${breaking.name} ${version}, as Debian ${healedBy} has it`);
  say('nobody says a word to rekmod: it watches the sources');
  await waitForRelease(world, comes);

  chapter('The client asks for updates again');
  const update = await client.dnf('update');
  if (update.exitCode !== 0) fail(`dnf update: ${update.stderr}`);
  const transaction = await client.lastTransaction();
  console.log(transaction);
  const installed = await listInstalled(client);
  for (const part of [`kernel-core-${evrOf(comes)}`, `kmod-${breaking.name}-${version}`]) {
    requireOne(installed, part);
    if (!transaction.includes(part)) fail(`${part} did not come in that one transaction`);
  }
  const modules = await client.listModules(comes);
  for (const path of modules) say(`  ${path}`);
  for (const name of kmods) requireOne(modules, `/extra/${name}/`);
  say(`kernel ${comes} and its modules came in one transaction`);
  await show(world, 'gate');
}

/** Runs a command for all to see. */
async function show(world: World, ...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await world.rekmod(...args);
  console.log(`\n$ rekmod ${args.join(' ')}\n${stdout}${stderr}`);
  return stdout;
}

async function readGate(world: World): Promise<GateRecord> {
  const [record]: readonly GateRecord[] = JSON.parse((await world.rekmod('gate', '--json')).stdout);
  return record ?? fail('there is no gate');
}

/** Waits until the gate says something of a kernel. */
async function waitForGate(
  world: World,
  release: string,
  isSo: (kernel: GatedKernel, record: GateRecord) => boolean,
): Promise<GatedKernel> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const record = await readGate(world);
    const kernel = record.kernels.find((one) => one.release === release);
    if (kernel && isSo(kernel, record)) return kernel;
    if (Date.now() > deadline) fail(`the gate says ${JSON.stringify(record, undefined, 1)}`);
    await delay(500);
  }
}

async function waitForRelease(world: World, release: string): Promise<void> {
  const { reason } = await waitForGate(
    world,
    release,
    ({ state }, { view }) =>
      state === 'released' && view?.kind === 'served' && view.releases.includes(release),
  );
  say(`the gate has let ${release} through: ${reason}`);
}

/** What a client has of a kernel and the kmods. */
async function listInstalled(client: DnfClient): Promise<readonly string[]> {
  const installed = await client.installed('kernel-core-', 'kmod-');
  for (const name of installed) say(`  installed: ${name}`);
  return installed;
}

function requireOne(names: readonly string[], part: string): void {
  if (!names.some((name) => name.includes(part))) {
    fail(`expected ${part} among ${names.join(', ') || 'nothing'}`);
  }
}

/** `6.1.0-55.amd64` of `6.1.0-55-amd64`: as packages name the kernel. */
function evrOf(release: string): string {
  const [version = '', ...rest] = release.split('-');
  return `${version}-${rest.join('.')}`;
}
