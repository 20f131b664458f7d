import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rolloutId } from '../../model/workflow-ids.ts';
import type { RolloutInput } from '../../model/workflow-messages.ts';
import { cacheDirectory, readLab } from '../read-lab.ts';
import { removeWorld, World } from '../world.ts';
import { describeFigures } from './figures.ts';
import { type CpuSeconds, readCpu, readRssMegabytes } from './process-figures.ts';

// Measures in one run what orchestration costs: a rollout of all lab kmods against a bare make loop
// and against dkms, over the same cells, with the same buildroot image, in turn.

const WIDTH = 2;
const JOBS = 2;
const IDLE_MS = 30_000;
const { values } = parseArgs({ options: { reps: { type: 'string', default: '3' } } });
const run = promisify(execFile);

async function inContainer(
  image: string,
  script: string,
  options: { readonly mounts: readonly string[]; readonly args: readonly string[] },
): Promise<number> {
  const path = join(import.meta.dirname, script);
  const volumes = [...options.mounts, `${path}:/bench.sh:ro`].flatMap((mount) => ['-v', mount]);
  const startedAt = performance.now();
  await run(
    'docker',
    [
      ...['run', '--rm', '--network', 'none', '--tmpfs', '/builddir:exec,size=4g', ...volumes],
      ...[image, 'bash', '/bench.sh', ...options.args],
    ],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return (performance.now() - startedAt) / 1000;
}

/** The newest buildroot of a kernel; they differ in nothing that make or dkms would see. */
async function findBuildroot(release: string): Promise<string> {
  const filter = `label=io.rekmod.release=${release}`;
  const { stdout } = await run('docker', ['images', '-q', '--no-trunc', '--filter', filter]);
  const [id = ''] = stdout.split('\n');
  if (id === '') throw new Error(`BUG: no buildroot of ${release} is on this machine`);
  return id;
}

async function rollOut(release: string, forced: readonly string[]): Promise<number> {
  const connection = await Connection.connect({ address: world.temporalAddress });
  const client = new Client({ connection });
  const options = {
    window: WIDTH + 1,
    buildTimeoutMs: 1_800_000,
    prepareTimeoutMs: 1_800_000,
    publishBatchMs: 250,
    hasSearchAttributes: true,
  };
  const input: RolloutInput = { stream: 'lab', release, trigger: 'command', forced, options };
  const startedAt = performance.now();
  const handle = await client.workflow.start('rolloutKernel', {
    workflowId: rolloutId(input),
    taskQueue: CONTROL_QUEUE,
    args: [input],
  });
  const result: unknown = await handle.result();
  const seconds = (performance.now() - startedAt) / 1000;
  await connection.close();
  if (!JSON.stringify(result).includes(`"builtCount":${forced.length}`)) {
    throw new Error(`the rollout did not build all: ${JSON.stringify(result)}`);
  }
  return seconds;
}

const lab = await readLab();
if (!lab) throw new Error('the lab is not made: run lab/make-lab.sh');
const release = lab.kernels[0]?.release ?? '';
const names = lab.kmods.map(({ name }) => name);
const directory = await mkdtemp(join(tmpdir(), 'rekmod-bench-'));
const world = await World.create(lab, {
  directory,
  kmods: lab.kmods,
  released: [release],
  poll: '15m',
  limits: [`parallelBuilds: ${WIDTH}`, `cpus: ${JOBS}`],
});
try {
  await world.up();
  console.log(
    `warming up: the buildroot and a first build of ${names.length} kmods for ${release}`,
  );
  await world.waitFor(
    'the first rollout',
    (report) => report.cells.length > 0 && report.cells.every(({ state }) => state === 'built'),
    20 * 60_000,
  );
  await measure();
} finally {
  await world[Symbol.asyncDispose]();
  await removeWorld(directory);
}

async function measure(): Promise<void> {
  const image = await findBuildroot(release);
  const pid = world.pid ?? 0;
  const temporal: { pid: number } = JSON.parse(
    await readFile(join(world.home, 'temporal', 'server.pid'), 'utf8'),
  );
  // The longest first, for both.
  const ordered = ['dahdi', 'jool', 'ovpn-dco', ...names].filter(
    (name, index, all) => names.includes(name) && all.indexOf(name) === index,
  );
  const labDirectory = join(cacheDirectory(), 'lab');
  const rows: {
    make: number;
    rollout: number;
    dkms: number;
    cpu: number;
    tools: number;
    server: number;
  }[] = [];
  for (let rep = 1; rep <= Number(values.reps); rep++) {
    const make = await inContainer(image, 'make-loop.sh', {
      mounts: [`${join(labDirectory, 'kmods')}:/sources:ro`],
      args: [release, `${WIDTH}`, `${JOBS}`, ...ordered],
    });
    const [before, serverBefore] = [await readCpu(pid), await readCpu(temporal.pid)];
    const rollout = await rollOut(release, names);
    const [after, serverAfter] = [await readCpu(pid), await readCpu(temporal.pid)];
    const dkms = await inContainer(image, 'dkms-loop.sh', {
      mounts: [`${join(labDirectory, 'debs')}:/debs:ro`],
      args: [release],
    });
    const row = {
      make,
      rollout,
      dkms,
      cpu: (after.own - before.own) / names.length,
      tools: (after.children - before.children) / names.length,
      server: (serverAfter.own - serverBefore.own) / names.length,
    };
    rows.push(row);
    console.log(
      `run ${rep}: make ${make.toFixed(1)} s, rollout ${rollout.toFixed(1)} s, dkms ${dkms.toFixed(1)} s`,
    );
  }
  const peak = await readRssMegabytes(pid, 'VmHWM');
  const rss = await readRssMegabytes(pid, 'VmRSS');
  const [idleBefore, idleServerBefore] = [await readCpu(pid), await readCpu(temporal.pid)];
  await delay(IDLE_MS);
  const [idleAfter, idleServerAfter] = [await readCpu(pid), await readCpu(temporal.pid)];
  const percent = (a: CpuSeconds, b: CpuSeconds): string =>
    ((100 * (b.own - a.own)) / (IDLE_MS / 1000)).toFixed(2);
  console.log(`
${names.length} cells, width ${WIDTH}, make -j${JOBS}; min / median / max of ${rows.length}
rollout ÷ make loop        ${describeFigures(
    rows.map((row) => row.rollout / row.make),
    3,
  )}   (aim: at most 1.10)
rollout ÷ dkms             ${describeFigures(
    rows.map((row) => row.rollout / row.dkms),
    3,
  )}   (aim: below 1)
worker CPU s a cell        ${describeFigures(
    rows.map((row) => row.cpu),
    3,
  )}   (aim: at most 0.25)
its tools' CPU s a cell    ${describeFigures(
    rows.map((row) => row.tools),
    3,
  )}   (xz, rpmsign, gpg, createrepo_c)
Temporal CPU s a cell      ${describeFigures(
    rows.map((row) => row.server),
    3,
  )}
worker memory MB           ${rss} now, ${peak} at most   (aim: under 350)
idle CPU % of a core       ${percent(idleBefore, idleAfter)} worker, ${percent(idleServerBefore, idleServerAfter)} Temporal   (aim: under 1)`);
}
