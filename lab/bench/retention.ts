import { mkdtemp, stat } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { judgeGateActivities } from '../../activities/gate/judge-gate.ts';
import { gatherStatus } from '../../activities/gather-status.ts';
import { watchActivities } from '../../activities/watch.ts';
import { type CommandContext, openContext } from '../../cli/context.ts';
import { startStatusWriter } from '../../cli/status-writer.ts';
import { NO_RULES } from '../../model/gate.ts';
import { inActivity } from '../../test/support/activity-context.ts';
import { fastRelease } from '../fast/fast-kernel.ts';
import { releaseFastKernels } from '../fast/fast-stream.ts';
import { createFastWorld } from '../fast/fast-world.ts';
import { removeWorld, type World } from '../world.ts';
import { fillRetention, importsOfKmod } from './fill-retention.ts';

const STREAM = 'fast';
const KMODS = Array.from({ length: 7 }, (_, index) => `fast-${index + 1}`);
/** As many as may be kept built. */
const KEPT_COUNT = 100;

/**
 * Measures in one run what many kernels cost that are known already: the status, commands, the gate, looks. Prints
 * each with its milliseconds, each time that it was done.
 */
export async function measureRetention(kernelCount: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-bench-'));
  const kernels = spellKernels(kernelCount);
  const world = await createFastWorld({
    ...{ directory, kernels, poll: '15m', gate: '{ grace: 1h }' },
    kmods: KMODS.map((name, index) => ({ name, imports: importsOfKmod(index) })),
    stream: [`keepKernels: ${KEPT_COUNT}`],
  });
  try {
    process.env.REKMOD_HOME = world.home;
    const context = await openContext({ config: world.configFile });
    const startedAt = performance.now();
    const made = await fillRetention(context, kernels, KMODS);
    const seconds = (performance.now() - startedAt) / 1000;
    const [load = 0] = loadavg();
    console.log(`
${kernelCount} kernels in retention, ${KMODS.length} kmods, ${kernelCount * KMODS.length} cells: ${made.publishedCount} published, ${made.keptCount} kept
(made in ${seconds.toFixed(1)} s by the activities that plan; load of the machine ${load.toFixed(1)})`);
    const newest = made.kernels.at(-1)?.release ?? '';
    await measureActivities(world, context);
    await measureCommands(world, newest);
    await measureChangedLook(world, context);
  } finally {
    await world[Symbol.asyncDispose]();
    await removeWorld(directory);
  }
}

function spellKernels(count: number): readonly { readonly spelling: string }[] {
  return Array.from({ length: count }, (_, index) => ({ spelling: `5.14.0-${index + 1}.el9` }));
}

/** What a worker does: its readers stay open, so only the first time reads everything. */
async function measureActivities(world: World, context: CommandContext): Promise<void> {
  const { settings, data } = context;
  const onChange = (): void => undefined;
  const gather = () =>
    gatherStatus({
      ...{ settings, records: context.records, now: context.now, active: [] },
      repositoryUrl: (name) => `${world.serverUrl}/${name}`,
    });
  await time('gather the status', gather);
  await time('gather and write status.json and the page', async () => {
    const onError = (error: unknown): void => console.error(error);
    const writer = startStatusWriter({ directory: data.status, gather, onError });
    writer.changed();
    await writer.stop();
  });
  for (const name of ['status.json', 'index.html']) {
    const { size } = await stat(join(data.status, name));
    console.log(`${`bytes of ${name}`.padEnd(44)} ${(size / 1e6).toFixed(2)} MB`);
  }
  const gate = judgeGateActivities({ ...context, onChange });
  await time('the gate decides', () =>
    inActivity(() => gate.judgeGate({ stream: STREAM, rules: NO_RULES })),
  );
  const watch = watchActivities({ ...context, onChange });
  await time('find work that needs no look', () =>
    inActivity(() => watch.findStoredWork({ stream: STREAM })),
  );
  const look = () => inActivity(() => watch.lookAtStream({ stream: STREAM }));
  const { validators } = await look();
  await inActivity(() => watch.acknowledgeLook({ stream: STREAM, validators }));
  await time('an unchanged look', look);
}

/** Upstream releases one more; what it costs to see it, acknowledged by nobody. */
async function measureChangedLook(world: World, context: CommandContext): Promise<void> {
  const spelling = '5.14.0-9999.el9';
  await releaseFastKernels(world.streamDirectory, [{ spelling }]);
  const watch = watchActivities({ ...context, onChange: () => undefined });
  await time('a look that finds one new kernel', async () => {
    const { newKernels } = await inActivity(() => watch.lookAtStream({ stream: STREAM }));
    if (newKernels.length !== 1) {
      throw new Error(`${fastRelease({ spelling })} is new, the look found ${newKernels.length}`);
    }
  });
}

async function measureCommands(world: World, newest: string): Promise<void> {
  const commands = [
    ['--version'],
    ['status'],
    ['status', '--json'],
    ['plan', '--kernel', newest],
    ['why', KMODS[0] ?? '', newest],
  ];
  for (const args of commands) {
    await time(`rekmod ${args.join(' ')}`, async () => {
      const { exitCode, stderr } = await world.rekmod(...args);
      if (exitCode !== 0) throw new Error(`rekmod ${args.join(' ')} failed:\n${stderr}`);
    });
  }
}

async function time(title: string, work: () => Promise<unknown>, count = 3): Promise<void> {
  const all: string[] = [];
  const cpuMs: string[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    cpuMs.push(((user + system) / 1000).toFixed(0));
    all.push(`${(performance.now() - startedAt).toFixed(0)}`.padStart(6));
  }
  console.log(`${title.padEnd(44)} ${all.join(' ')} ms, CPU here ${cpuMs.join(' ')}`);
}
