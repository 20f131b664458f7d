import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { GatedKernel, GateRecord } from '../model/gate.ts';
import { chooseKernels, makeKernel } from './corpus/kernels.ts';
import { DnfClient } from './dnf-client.ts';
import { endEarlier } from './end-earlier.ts';
import { chapter, say } from './narrate.ts';
import { cacheDirectory, type Lab, type LabKmod, readLab } from './read-lab.ts';
import { fetchNewerSources } from './truth/builds.ts';
import { watchKernel } from './watch-kernel.ts';
import { removeWorld, World } from './world.ts';

// What happened to WireGuard on CentOS Stream in December 2020, with what is real today: OpenVPN's module as Debian 12 has
// it does not compile on a newer kernel; Debian's next release has the mended source. Machines must not take that kernel
// before the module is there. Nobody says a word to rekmod: it notices kernel and source by itself. Ends with 0 only if all of it happened.

const TIMEOUT_MS = 15 * 60_000;
const BREAKING = 'ovpn-dco';
const LASTING = 'acpi-call';
const GATED = 'lab-gated';
function fail(reason: string): never {
  throw new Error(`The story did not come to its good end: ${reason}`);
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

/** A copy of a kmod's spec and sources that may be changed. */
async function copyKmod(kmod: LabKmod, directory: string): Promise<LabKmod> {
  const sourceDirectory = join(directory, 'sources', kmod.name);
  await cp(kmod.sourceDirectory, sourceDirectory, { recursive: true });
  return { ...kmod, sourceDirectory, spec: join(sourceDirectory, `${kmod.name}-kmod.spec`) };
}

/** Puts the mended source in the place of the old one; the spec only gets another version. */
async function mend({ spec, sourceDirectory, name }: LabKmod, lab: Lab): Promise<string> {
  const newer = (await fetchNewerSources(lab.kmods)).find((source) => source.name.startsWith(name));
  if (!newer) fail(`Debian's stable suite has no ${name}`);
  const [archive] = (await readdir(newer.directory)).filter((file) => file.endsWith('.tar.gz'));
  if (archive === undefined) fail(`there is no archive in ${newer.directory}`);
  const version = archive.slice(name.length + 1, -'.tar.gz'.length);
  await cp(join(newer.directory, archive), join(sourceDirectory, archive));
  const text = await readFile(spec, 'utf8');
  await writeFile(
    spec,
    text.replace(/^(Version:\s+).*$/m, (_, key: string) => `${key}${version}`),
  );
  return version;
}

async function tellFirstKernel(world: World, release: string): Promise<DnfClient> {
  chapter(`${release}: both modules are required, the gate waits for them`);
  await world.up();
  say(`up; status page ${world.serverUrl}/status/, Temporal UI ${world.temporalUi}`);
  await watchKernel(world, { release, kmodCount: 2, timeoutMs: TIMEOUT_MS }, say);
  await waitForRelease(world, release);
  const client = await DnfClient.start(world, GATED);
  const { exitCode, stderr } = await client.dnf(
    ...['install', 'kernel-core', `kmod-${BREAKING}`, `kmod-${LASTING}`],
  );
  if (exitCode !== 0) fail(`dnf install: ${stderr}`);
  say('a client installs kernel and modules with dnf from the gated repository alone');
  const installed = await listInstalled(client);
  for (const part of [`kernel-core-${evrOf(release)}`, `kmod-${BREAKING}-`, `kmod-${LASTING}-`]) {
    requireOne(installed, part);
  }
  return client;
}

async function tellBreak(
  world: World,
  client: DnfClient,
  { stays, comes }: { readonly stays: string; readonly comes: string },
): Promise<void> {
  chapter(`The vendor releases ${comes}; ${BREAKING} as Debian 12 has it does not compile on it`);
  await world.release(comes);
  const report = await watchKernel(
    world,
    { release: comes, kmodCount: 2, timeoutMs: TIMEOUT_MS },
    say,
  );
  const states = report.cells.filter((cell) => cell.release === comes);
  const stateOf = (kmod: string) => states.find((cell) => cell.kmod === kmod)?.state;
  if (stateOf(BREAKING) !== 'failed') fail(`${BREAKING} is ${stateOf(BREAKING)}`);
  if (stateOf(LASTING) !== 'built') fail(`${LASTING} is ${stateOf(LASTING)}`);
  const { reason } = await waitForGate(
    world,
    comes,
    (kernel) => kernel.state === 'held' && kernel.reason === `waits for ${BREAKING} (build failed)`,
  );
  say(`the gate holds ${comes}: ${reason}`);
  await show(world, 'gate');
  const why = await show(world, 'why', BREAKING, comes);
  if (!/could not be compiled|NETIF_F_LLTX|error:/.test(why)) fail('rekmod why does not say why');

  chapter('The client asks for updates, every day');
  const update = await client.dnf('update');
  console.log(update.stdout);
  if (!update.stdout.includes('Nothing to do'))
    fail(`dnf update found something: ${update.stdout}`);
  const visible = await client.visibleKernels();
  if (visible.join() !== evrOf(stays)) fail(`the client sees ${visible.join(', ')}`);
  say(`it sees no other kernel than ${visible.join(', ')}, and stays on it with its modules`);
}

async function tellHealing(
  world: World,
  client: DnfClient,
  { kmod, lab, comes }: { readonly kmod: LabKmod; readonly lab: Lab; readonly comes: string },
): Promise<void> {
  const version = await mend(kmod, lab);
  chapter(`A mended source lands: ${BREAKING} ${version}, as Debian's next release has it`);
  say('nobody says a word to rekmod: it watches the sources');
  await waitForRelease(world, comes);

  chapter('The client asks for updates again');
  const update = await client.dnf('update');
  if (update.exitCode !== 0) fail(`dnf update: ${update.stderr}`);
  const transaction = await client.lastTransaction();
  console.log(transaction);
  const installed = await listInstalled(client);
  const wanted = [`kernel-core-${evrOf(comes)}`, `kmod-${BREAKING}-${version}`];
  for (const part of wanted) {
    requireOne(installed, part);
    if (!transaction.includes(part)) fail(`${part} did not come in that one transaction`);
  }
  const modules = await client.listModules(comes);
  for (const path of modules) say(`  ${path}`);
  for (const name of [BREAKING, LASTING]) requireOne(modules, `/extra/${name}/`);
  say(`kernel ${comes} and its modules came in one transaction`);
  await show(world, 'gate');
}

async function play(lab: Lab): Promise<void> {
  const [, stays = '', comes = ''] = await chooseKernels(lab);
  await makeKernel(stays);
  await makeKernel(comes);
  const directory = join(cacheDirectory(), 'story');
  await endEarlier(join(directory, 'home'));
  await removeWorld(directory);
  await mkdir(directory, { recursive: true });
  const originals = [BREAKING, LASTING].map(
    (name) => lab.kmods.find((kmod) => kmod.name === name) ?? fail(`the lab has no ${name}`),
  );
  const kmods = await Promise.all(originals.map((kmod) => copyKmod(kmod, directory)));
  const breaking = kmods.find(({ name }) => name === BREAKING) ?? fail('it was not copied');
  await using world = await World.create(lab, {
    ...{ directory, kmods, released: [stays], gate: '{ grace: 0s }' },
    extra: 'sources: { poll: 5s }',
  });
  await using client = await tellFirstKernel(world, stays);
  await tellBreak(world, client, { stays, comes });
  await tellHealing(world, client, { kmod: breaking, lab, comes });
}

await play((await readLab()) ?? fail('the lab is not made: run lab/make-lab.sh'));
chapter('The end: no machine saw a kernel without its modules.');
