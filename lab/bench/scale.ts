import { access, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fastSymbol } from '../fast/fast-kernel.ts';
import type { FastKmod } from '../fast/fast-kmod.ts';
import { releaseFastKernels } from '../fast/fast-stream.ts';
import { createFastWorld } from '../fast/fast-world.ts';
import { removeWorld, type World } from '../world.ts';
import { lookNow, measureHistories } from './ask-temporal.ts';
import { findChild, readCpu, readRssMegabytes } from './process-figures.ts';
import { measureRetention } from './retention.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'rollout,retention' },
    cells: { type: 'string', default: '500,2000' },
    kernels: { type: 'string', default: '300' },
    profile: { type: 'string' },
  },
});
const parts = values.part.split(',');

const KERNEL = { spelling: '5.14.0-1.el9', symbolCount: 25_000 };
const WIDTH = 2;
const ROLLOUT_TIMEOUT_MS = 40 * 60_000;
const SAY_MS = 15_000;

if (parts.includes('rollout')) {
  for (const count of values.cells.split(',')) await rollOutOnce(Number(count));
}
if (parts.includes('retention')) await measureRetention(Number(values.kernels));

async function rollOutOnce(cellCount: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-bench-'));
  const world = await createFastWorld({
    ...{ directory, kmods: makeKmods(cellCount), kernels: [], poll: '15m' },
    limits: [`parallelBuilds: ${WIDTH}`],
    ...(values.profile ? { nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] } : {}),
  });
  try {
    await world.up();
    const pids = await findPids(world);
    await releaseFastKernels(world.streamDirectory, [KERNEL]);
    const before = await readUsed(pids);
    const startedAt = performance.now();
    await lookNow(world.temporalAddress);
    await awaitRollout(world, cellCount);
    const seconds = (performance.now() - startedAt) / 1000;
    await report(world, { cellCount, seconds, pids, before });
  } finally {
    await world[Symbol.asyncDispose]();
    await removeWorld(directory);
  }
}

async function report(
  world: World,
  run: {
    readonly cellCount: number;
    readonly seconds: number;
    readonly pids: Pids;
    readonly before: Used;
  },
): Promise<void> {
  const { cellCount, seconds, pids, before } = run;
  const after = await readUsed(pids);
  const each = (name: keyof Used): string => ((after[name] - before[name]) / cellCount).toFixed(3);
  const peak = (pid: number): Promise<number> => readRssMegabytes(pid, 'VmHWM');
  const sizes = await measureHistories(world.temporalAddress);
  const most = sizes[0];
  const heaviest = sizes.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0];
  const rollouts = sizes.filter(({ type }) => type === 'rolloutKernel');
  const sum = (key: 'eventCount' | 'sizeBytes'): number =>
    rollouts.reduce((total, size) => total + size[key], 0);
  const snapshots = await readdir(join(world.home, 'repositories', 'kmods', 'snapshots'));
  const files = await readdir(world.home, { recursive: true });
  console.log(`
${cellCount} cells in one rollout, ${WIDTH} builds at once
wall s                     ${seconds.toFixed(0)}, ${(seconds / cellCount).toFixed(3)} a cell
largest history, events    ${most?.eventCount} (${most?.workflowId}; limit 51,200)
largest history, MB        ${((heaviest?.sizeBytes ?? 0) / 1e6).toFixed(2)} (${heaviest?.workflowId}; limit 50)
runs of the rollout        ${rollouts.length}, ${(sum('eventCount') / cellCount).toFixed(1)} events and ${(sum('sizeBytes') / cellCount / 1000).toFixed(1)} kB a cell
CPU s a cell: worker       ${each('worker')}, its tools ${each('workerTools')}
  signer                   ${each('signer')}, its tools ${each('signerTools')}
  Temporal                 ${each('temporal')}
peak memory MB             worker ${await peak(pids.worker)}, signer ${await peak(pids.signer)}, Temporal ${await peak(pids.temporal)}
files                      ${files.length}; ${snapshots.length} snapshots are there, the last is ${await world.snapshot()}`);
}

/** Each needs a few symbols of the kernel's, as a small driver does. */
function makeKmods(count: number): readonly FastKmod[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `fast-${`${index + 1}`.padStart(4, '0')}`,
    imports: ['module_layout', ...Array.from({ length: 20 }, (__, nth) => fastSymbol(index + nth))],
    paddingBytes: 20_000,
  }));
}

/** A rollout's record is the last that it writes. */
async function awaitRollout(world: World, cellCount: number): Promise<void> {
  const release = `${KERNEL.spelling}.x86_64`;
  const ended = join(world.home, 'rollouts', 'fast', `${release}.json`);
  const cells = join(world.home, 'cells', 'fast', release);
  const deadline = Date.now() + ROLLOUT_TIMEOUT_MS;
  for (let saidAt = Date.now(); !(await exists(ended)); await delay(100)) {
    if (Date.now() > deadline) throw new Error('the rollout did not end');
    if (Date.now() - saidAt < SAY_MS) continue;
    saidAt = Date.now();
    const count = (await readdir(cells).catch(() => [])).length;
    console.log(`${count} of ${cellCount} cells`);
  }
}

/** CPU seconds of all processes until now. */
interface Used {
  readonly worker: number;
  readonly workerTools: number;
  readonly signer: number;
  readonly signerTools: number;
  readonly temporal: number;
}

interface Pids {
  readonly worker: number;
  readonly signer: number;
  readonly temporal: number;
}

async function findPids(world: World): Promise<Pids> {
  const worker = world.pid ?? 0;
  const record = await readFile(join(world.home, 'temporal', 'server.pid'), 'utf8');
  const { pid: temporal }: { pid: number } = JSON.parse(record);
  return { worker, temporal, signer: (await findChild(worker, 'signer')) ?? 0 };
}

async function readUsed({ worker, signer, temporal }: Pids): Promise<Used> {
  const [own, signs, server] = await Promise.all([worker, signer, temporal].map(readCpu));
  return {
    worker: own?.own ?? 0,
    workerTools: own?.children ?? 0,
    signer: signs?.own ?? 0,
    signerTools: signs?.children ?? 0,
    temporal: server?.own ?? 0,
  };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
