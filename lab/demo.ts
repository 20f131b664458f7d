import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { CellStatus, StatusReport } from '../model/status.ts';
import { endEarlier } from './end-earlier.ts';
import { installInClient } from './install-in-client.ts';
import { chapter, say } from './narrate.ts';
import { cacheDirectory, type Lab, readLab } from './read-lab.ts';
import { cellsOf, watchKernel } from './watch-kernel.ts';
import { findFreePorts, removeWorld, World } from './world.ts';

// The main job on real input to its end: three real kernels, real third-party modules, real dnf.
// Ends with 0 only if all of it happened. DEMO_KEEP=1 leaves rekmod running (the default in a
// terminal), DEMO_KEEP=0 ends it.

const STORY_TIMEOUT_MS = 20 * 60_000;
function fail(reason: string): never {
  throw new Error(`The demo did not come to its good end: ${reason}`);
}

function requireStates(report: StatusReport, release: string, wanted: CellStatus['state']): void {
  const others = cellsOf(report, release).filter((cell) => cell.state !== wanted);
  if (others.length === 0) return;
  fail(others.map((cell) => `${cell.kmod} is ${cell.state}: ${cell.sentence}`).join('\n'));
}

async function show(world: World, ...args: readonly string[]): Promise<void> {
  const { stdout, stderr } = await world.rekmod(...args);
  console.log(`\n$ rekmod ${args.join(' ')}\n${stdout}${stderr}`);
}

/** How many rebuilds Temporal knows of for a kernel. */
async function countRebuilds(world: World, release: string): Promise<number> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  const client = new Client({ connection });
  const query = `WorkflowType = "rebuildKmod" AND RekmodKernel = "${release}"`;
  const { count } = await client.workflow.count(query);
  await connection.close();
  return count;
}

/** Waits for a kernel's cells to end, and says each change on the way. */
async function watch(world: World, release: string, kmodCount: number): Promise<StatusReport> {
  return await watchKernel(world, { release, kmodCount, timeoutMs: STORY_TIMEOUT_MS }, say);
}

async function play(world: World, lab: Lab): Promise<void> {
  const [first, changed, same] = lab.kernels;
  if (!first || !changed || !same) fail('the lab has no three kernels');
  const count = lab.kmods.length;

  chapter(
    `rekmod up: a stream with one kernel, ${first.release}, and ${count} kmods, none built yet`,
  );
  await world.up();
  say(`up; status page ${world.serverUrl}/status/, Temporal UI ${world.temporalUi}`);
  requireStates(await watch(world, first.release, count), first.release, 'built');

  const { lost, added, changed: crcs } = changed.deltaToPrevious;
  chapter(
    `The vendor releases ${changed.release}: ${lost} symbols lost, ${added} added, ${crcs} changed`,
  );
  await world.release(changed.release);
  say('released into the stream; nobody tells rekmod');
  requireStates(await watch(world, changed.release, count), changed.release, 'built');
  await show(world, 'why', 'jool', changed.release);

  chapter(`The vendor releases ${same.release}, with the very same kABI`);
  if (same.repackaged) say(`honestly: it is ${changed.release} repackaged under another release`);
  const snapshotBefore = await world.snapshot();
  await world.release(same.release);
  requireStates(await watch(world, same.release, count), same.release, 'kept');
  const rebuilds = await countRebuilds(world, same.release);
  if (rebuilds !== 0) fail(`expected no rebuild for ${same.release}, found ${rebuilds}`);
  if ((await world.snapshot()) !== snapshotBefore) fail('expected no new snapshot, found one');
  say(`NO BUILD: all ${count} kmods are kept for ${same.release}, nothing was published`);

  chapter('A clean client installs them with dnf, gpgcheck and repo_gpgcheck on');
  const kmods = lab.kmods.map(({ name }) => `kmod-${name}`);
  const installed = await installInClient(world, kmods);
  for (const line of installed.packages) say(line);
  say(
    `modules below ${installed.moduleDirectories.join(', ')}; newest kernel: ${installed.newestKernel}`,
  );

  chapter('The whole story');
  await show(world, 'status');
}

const lab = await readLab();
if (!lab) fail('the lab is not made: run lab/make-lab.sh');
const directory = join(cacheDirectory(), 'demo');
await endEarlier(join(directory, 'home'));
await removeWorld(directory);
const world = await World.create(lab, {
  directory,
  kmods: lab.kmods,
  released: lab.kernels.slice(0, 1).map(({ release }) => release),
  ports: await choosePorts(),
});
const isKept = (process.env.DEMO_KEEP ?? (process.stdout.isTTY ? '1' : '0')) === '1';
try {
  await play(world, lab);
  console.log(`
  status page   ${world.serverUrl}/status/
  repository    ${world.serverUrl}/repositories/kmods/   (rekmod-kmods.repo, RPM-GPG-KEY-rekmod)
  Temporal UI   ${world.temporalUi}/namespaces/default/workflows
  data          ${world.home}`);
} catch (error) {
  await world[Symbol.asyncDispose]();
  throw error;
}
if (isKept) {
  console.log('\nrekmod goes on running; "make demo-stop" ends it.');
  world.abandon();
  process.exit(0);
}
await world[Symbol.asyncDispose]();
console.log('\nEnded. In a terminal, or with DEMO_KEEP=1, rekmod stays up for you to look around.');

/** The well-known ports if they are free, so that addresses look as in the documentation. */
async function choosePorts(): Promise<readonly [number, number, number]> {
  const wanted = [7233, 8233, 8470] as const;
  const free = await Promise.all(wanted.map(isFree));
  if (free.every(Boolean)) return wanted;
  const [temporal = 0, ui = 0, files = 0] = await findFreePorts(3);
  return [temporal, ui, files];
}

async function isFree(port: number): Promise<boolean> {
  const { createServer } = await import('node:net');
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
