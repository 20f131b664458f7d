import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosWorld } from './chaos-world.ts';
import type { MirrorFault } from './mirror-proxy.ts';
import type { FaultKind, Moment, PlannedFault } from './plan-chaos.ts';
import { listProcesses, signal, waitUntil } from './processes.ts';

/** What a fault did, in words; undefined if there was nothing that it could strike. */
export type Struck = string | undefined;

type Strike = (chaos: ChaosWorld, fault: PlannedFault) => Promise<Struck>;

const MOMENT_TIMEOUT_MS = 3000;
/** A process that was killed a moment ago is started again by its keeper. */
const TARGET_TIMEOUT_MS = 20_000;
const MIRROR_TIMEOUT_MS = 12_000;
const SLOW_DISK_MS = 60;

const STRIKES: Readonly<Record<FaultKind, Strike>> = {
  'kill-worker': (chaos) => killPid('rekmod up', async () => chaos.world.pid),
  'kill-signer': (chaos) => killPid('the signer', () => findSigner(chaos)),
  'kill-temporal': (chaos) => endTemporal(chaos, 'SIGKILL'),
  'restart-temporal': (chaos) => endTemporal(chaos, 'SIGTERM'),
  'cut-temporal': cutTemporal,
  'power-cut': cutPower,
  'freeze-worker': freezeWorker,
  'restart-engine': (chaos, fault) => endEngine(chaos, fault, 'SIGTERM'),
  'kill-engine': (chaos, fault) => endEngine(chaos, fault, 'SIGKILL'),
  'mirror-cut': (chaos, fault) => spoilMirror(chaos, fault, 'cut'),
  'mirror-unavailable': (chaos, fault) => spoilMirror(chaos, fault, 'unavailable'),
  'mirror-truncated': (chaos, fault) => spoilMirror(chaos, fault, 'truncated'),
  'mirror-tampered': (chaos, fault) => spoilMirror(chaos, fault, 'tampered'),
  'mirror-slow': (chaos, fault) => spoilMirror(chaos, fault, 'slow'),
  'disk-full': fillDisk,
  'inodes-full': fillInodes,
  'slow-disk': slowDisk,
};

/** Waits for the moment, as long as it makes sense, and does the fault to its end: what it broke is whole again. */
export async function strike(chaos: ChaosWorld, fault: PlannedFault): Promise<Struck> {
  const isNow = await waitUntil(() => isMoment(chaos, fault.moment), MOMENT_TIMEOUT_MS);
  const words = await STRIKES[fault.kind](chaos, fault);
  if (words === undefined || fault.moment === 'any') return words;
  return `${words}, ${isNow ? 'while' : 'though not'} ${fault.moment}`;
}

async function isMoment(chaos: ChaosWorld, moment: Moment): Promise<boolean> {
  const { home } = chaos.world;
  switch (moment) {
    case 'any':
      return true;
    case 'starting':
      return chaos.supervisor.isStarting;
    case 'working':
      return await hasEntries(join(home, 'scratch'));
    case 'signing':
      return await hasEntries(join(home, 'signing', 'scratch'));
    case 'publishing':
      return await hasEntries(join(home, 'repositories', 'kmods', 'drafts'));
    case 'storing':
      return await hasEntries(join(home, 'store', 'incoming'));
  }
}

async function hasEntries(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  return names.length > 0;
}

async function killPid(what: string, find: () => Promise<number | undefined>): Promise<Struck> {
  let pid: number | undefined;
  await waitUntil(async () => {
    pid = await find();
    return pid !== undefined;
  }, TARGET_TIMEOUT_MS);
  if (pid === undefined || !signal(pid, 'SIGKILL')) return undefined;
  return `kill -9 of ${what}`;
}

async function findSigner({ world }: ChaosWorld): Promise<number | undefined> {
  const up = world.pid;
  const all = await listProcesses();
  return all.find(({ parent, command }) => parent === up && / signer$/.test(command))?.pid;
}

async function findTemporal({ temporal, world }: ChaosWorld): Promise<number | undefined> {
  if (temporal) return temporal.pid;
  const text = await readFile(join(world.home, 'temporal', 'server.pid'), 'utf8').catch(() => '');
  const pid = Number(/"pid":(\d+)/.exec(text)?.[1]);
  const all = await listProcesses();
  // The file outlives the process, and its number may be another's by now.
  return all.find((one) => one.pid === pid && one.command.includes(world.home))?.pid;
}

async function endTemporal(chaos: ChaosWorld, how: 'SIGTERM' | 'SIGKILL'): Promise<Struck> {
  const words = how === 'SIGKILL' ? 'kill -9 of Temporal' : 'a restart of Temporal';
  if (chaos.temporal) {
    await chaos.temporal.end(how);
    await chaos.temporal.start();
    return words;
  }
  let pid: number | undefined;
  await waitUntil(async () => {
    pid = await findTemporal(chaos);
    return pid !== undefined;
  }, TARGET_TIMEOUT_MS);
  return pid !== undefined && signal(pid, how) ? words : undefined;
}

async function cutTemporal({ temporal }: ChaosWorld, { holdMs }: PlannedFault): Promise<Struck> {
  if (!temporal) return undefined;
  temporal.line.cut();
  await delay(holdMs);
  temporal.line.mend();
  return `no line to Temporal for ${holdMs} ms`;
}

/** Everything at once, as far as it is this world's; then what a machine starts when it boots. */
async function cutPower(chaos: ChaosWorld): Promise<Struck> {
  const pids = [chaos.world.pid, await findSigner(chaos), await findTemporal(chaos)];
  const killed = pids.filter((pid) => pid !== undefined && signal(pid, 'SIGKILL'));
  await Promise.all([chaos.engine?.cutPower(), chaos.temporal?.end('SIGKILL')]);
  await Promise.all([chaos.engine?.start(), chaos.temporal?.start()]);
  if (killed.length === 0) return undefined;
  return `a power cut: kill -9 of ${killed.length} processes${chaos.engine ? ', the engine and its containers' : ''}`;
}

async function freezeWorker({ world }: ChaosWorld, { holdMs }: PlannedFault): Promise<Struck> {
  const { pid } = world;
  if (pid === undefined || !signal(pid, 'SIGSTOP')) return undefined;
  try {
    await delay(holdMs);
  } finally {
    signal(pid, 'SIGCONT');
  }
  return `rekmod up stopped for ${holdMs} ms (SIGSTOP, SIGCONT)`;
}

async function endEngine(
  { engine }: ChaosWorld,
  { holdMs }: PlannedFault,
  how: 'SIGTERM' | 'SIGKILL',
): Promise<Struck> {
  if (!engine) return undefined;
  await engine.end(how);
  await delay(holdMs);
  await engine.start();
  return how === 'SIGKILL'
    ? 'kill -9 of the container engine'
    : 'a restart of the container engine';
}

async function spoilMirror(
  { mirror }: ChaosWorld,
  { holdMs }: PlannedFault,
  fault: MirrorFault,
): Promise<Struck> {
  const before = mirror.struckCount;
  mirror.fault = fault;
  try {
    await waitUntil(() => mirror.struckCount > before, MIRROR_TIMEOUT_MS);
    if (mirror.struckCount > before) await delay(holdMs);
  } finally {
    mirror.fault = undefined;
  }
  const count = mirror.struckCount - before;
  return count === 0 ? undefined : `the vendor's mirror ${MIRROR_WORDS[fault]}, ${count} requests`;
}

const MIRROR_WORDS: Readonly<Record<MirrorFault, string>> = {
  cut: 'was cut off',
  unavailable: 'answered 503',
  truncated: 'sent half of a body',
  tampered: 'sent a body with a bit flipped',
  slow: 'was slow',
};

async function fillDisk({ disk }: ChaosWorld, { holdMs }: PlannedFault): Promise<Struck> {
  if (!disk) return undefined;
  const sizeBytes = await disk.fill();
  await delay(holdMs);
  await disk.free();
  return `no room on the disk for ${holdMs} ms (${Math.round(sizeBytes / 1024 ** 2)} MiB of ballast)`;
}

async function fillInodes({ disk }: ChaosWorld, { holdMs }: PlannedFault): Promise<Struck> {
  if (!disk) return undefined;
  const count = await disk.fillInodes();
  await delay(holdMs);
  await disk.free();
  return `no inode on the disk for ${holdMs} ms (${count} files of ballast)`;
}

async function slowDisk(chaos: ChaosWorld, { holdMs }: PlannedFault): Promise<Struck> {
  if (!chaos.slowDisk) return undefined;
  await chaos.slowDisk.slow(SLOW_DISK_MS);
  await delay(holdMs);
  const wasUsed = await chaos.slowDisk.mend();
  return wasUsed ? `a slow disk for ${holdMs} ms (${SLOW_DISK_MS} ms a call)` : undefined;
}
