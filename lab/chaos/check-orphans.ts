import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { ChaosWorld } from './chaos-world.ts';
import { listProcesses } from './processes.ts';

const run = promisify(execFile);
/** Of files that are still being written, or never will be. */
const UNFINISHED = /\.tmp$|\.next$|\.part$|\.repodata$|^\.link/;

/** What work left behind although nothing is being worked on. */
export async function findLeftovers(chaos: ChaosWorld): Promise<readonly string[]> {
  const { home } = chaos.world;
  const places = [
    'scratch',
    join('signing', 'scratch'),
    join('store', 'incoming'),
    join('signing', 'signed', 'incoming'),
    join('repositories', 'kmods', 'drafts'),
    join('repositories', 'lab-gated', 'drafts'),
  ];
  const found = await Promise.all(
    places.map(async (place) => {
      const names = await readdir(join(home, place)).catch(() => []);
      return names.map((name) => `left behind: ${join(place, name)}`);
    }),
  );
  return [...found.flat(), ...(await findUnfinishedFiles(home)), ...(await findContainers(chaos))];
}

async function findUnfinishedFiles(home: string): Promise<readonly string[]> {
  const entries = await readdir(home, { recursive: true, withFileTypes: true });
  return entries
    .filter(({ name }) => UNFINISHED.test(name))
    .map(({ parentPath, name }) => `left behind: ${relative(home, join(parentPath, name))}`);
}

async function findContainers({ engine, world }: ChaosWorld): Promise<readonly string[]> {
  const homeId = (await readFile(join(world.home, 'home-id'), 'utf8')).trim();
  const host = engine ? ['--host', engine.host] : [];
  const filter = ['--filter', `label=io.rekmod.home=${homeId}`];
  const { stdout } = await run('docker', [...host, 'ps', '--all', '--quiet', ...filter]);
  const ids = stdout.split('\n').filter((line) => line !== '');
  return ids.map((id) => `left behind: the container ${id}`);
}

/** What lives on, or is there, after `rekmod up` was ended by SIGTERM. */
export async function findSurvivors(chaos: ChaosWorld): Promise<readonly string[]> {
  const { directory, world, disk } = chaos;
  const own = [chaos.temporal?.pid];
  const processes = (await listProcesses()).filter(
    ({ pid, command }) => command.includes(`${directory}/`) && !own.includes(pid),
  );
  const { stdout } = await run('findmnt', ['--raw', '--noheadings', '--output', 'TARGET']);
  const mounts = stdout
    .split('\n')
    .filter((target) => target.startsWith(`${directory}/`) && target !== disk?.path);
  return [
    ...processes.map(({ pid, command }) => `lives on: process ${pid}, ${command.slice(0, 120)}`),
    ...mounts.map((target) => `is mounted still: ${target}`),
    ...(await findLeftovers(chaos)),
    ...(await readdir(join(world.home, 'run'))).map((name) => `left behind: run/${name}`),
  ];
}
