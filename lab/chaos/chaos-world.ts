import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CleanupStack } from '../../cli/cleanup-stack.ts';
import type { Lab } from '../read-lab.ts';
import { World } from '../world.ts';
import { type ChaosKernel, listLabKernels, makeKernels } from './chaos-kernels.ts';
import { type MadeKmod, makeChaosKmod } from './kmods.ts';
import { type MirrorProxy, startMirrorProxy } from './mirror-proxy.ts';
import { OwnTemporal } from './own-temporal.ts';
import type { FaultKind } from './plan-chaos.ts';
import { PrivateEngine } from './private-engine.ts';
import { makeSlowDisk, type SlowDisk } from './slow-disk.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';
import { type Supervisor, supervise } from './supervisor.ts';

/** What a world of chaos is made of. */
export interface ChaosWorldOptions {
  /** `small`: two kernels and two kmods, for a run of a minute. */
  readonly size: 'small' | 'full';
  /** Temporal is a server of its own, behind a line that can be cut; else `rekmod up` brings its own. */
  readonly hasOwnTemporal: boolean;
}

/** A kmod of such a world and how its cells must end. */
export interface ExpectedKmod {
  readonly name: string;
  readonly isRequired: boolean;
  readonly isGood: boolean;
}

/** A vendor, a developer, a rekmod that is kept running, and everything that can be broken below it. */
export interface ChaosWorld extends AsyncDisposable {
  readonly directory: string;
  readonly world: World;
  readonly supervisor: Supervisor;
  /** Oldest first; the first is released from the beginning. */
  readonly kernels: readonly ChaosKernel[];
  readonly kmods: readonly ExpectedKmod[];
  /** The one whose source changes. */
  readonly changing: MadeKmod;
  readonly mirror: MirrorProxy;
  readonly temporalAddress: string;
  readonly temporal?: OwnTemporal;
  readonly engine?: PrivateEngine;
  readonly disk?: SmallDisk;
  readonly slowDisk?: SlowDisk;
  /** What cannot be done here, and why. */
  readonly impossible: ReadonlyMap<FaultKind, string>;
}

/** Makes a world and starts `rekmod up` in it. */
export async function createChaosWorld(lab: Lab, options: ChaosWorldOptions): Promise<ChaosWorld> {
  const stack = new CleanupStack();
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-chaos-'));
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  try {
    return await fillWorld(lab, options, { directory, stack });
  } catch (error) {
    await stack.run();
    throw error;
  }
}

interface Place {
  readonly directory: string;
  readonly stack: CleanupStack;
}

async function fillWorld(
  lab: Lab,
  { size, hasOwnTemporal }: ChaosWorldOptions,
  { directory, stack }: Place,
): Promise<ChaosWorld> {
  const isFull = size === 'full';
  const impossible = new Map<FaultKind, string>();
  /** Makes a part, or notes why the faults that need it cannot be done. */
  async function tryPart<Part>(
    kinds: readonly FaultKind[],
    make: () => Promise<Part>,
  ): Promise<Part | undefined> {
    try {
      return await make();
    } catch (error) {
      const [reason = ''] = String(error).split('\n');
      for (const kind of kinds) impossible.set(kind, reason);
      return undefined;
    }
  }

  const kernels = isFull
    ? [...listLabKernels(lab), ...(await makeKernels(lab, 2))]
    : listLabKernels(lab).slice(0, 2);
  const engine = await tryPart(['restart-engine', 'kill-engine'], async () => {
    requireRoot('start a container engine of its own');
    return await PrivateEngine.start(lab.image);
  });
  if (engine) stack.defer(() => engine[Symbol.asyncDispose]());
  await engine?.forget();
  const disk = await tryPart(['disk-full', 'inodes-full'], async () => {
    requireRoot('mount a file system');
    return await mountSmallDisk(join(directory, 'home'));
  });
  if (disk) stack.defer(() => disk[Symbol.asyncDispose]());
  const slowDisk = await tryPart(['slow-disk'], () => makeSlowDisk(directory));
  const temporal = hasOwnTemporal
    ? await OwnTemporal.start(join(directory, 'home', 'temporal'))
    : undefined;
  if (temporal) stack.defer(() => temporal[Symbol.asyncDispose]());
  else impossible.set('cut-temporal', 'rekmod brings its own Temporal in this run');
  const mirror = await startMirrorProxy();
  stack.defer(() => mirror.close());

  const made = join(directory, 'kmods');
  const changing = await makeChaosKmod(made, { name: 'steady', seconds: isFull ? 5 : 3 });
  const broken = await makeChaosKmod(made, { name: 'broken', seconds: 0, isBroken: true });
  const real = lab.kmods.filter(({ name }) =>
    (isFull ? ['acpi-call', 'nat-rtsp'] : ['acpi-call']).includes(name),
  );
  const specs: readonly (ExpectedKmod & { readonly spec: string })[] = [
    ...real.map(({ name, spec }) => ({ name, spec, isRequired: true, isGood: true })),
    { name: changing.name, spec: changing.spec, isRequired: true, isGood: true },
    { name: broken.name, spec: broken.spec, isRequired: false, isGood: false },
  ];
  const world = await World.create(lab, {
    directory,
    kmods: [],
    released: kernels.slice(0, 1).map(({ name }) => name),
    describe: () => describeConfig(lab, mirror.url, specs),
    environment: {
      ...(engine ? { DOCKER_HOST: engine.host } : {}),
      ...(temporal ? { TEMPORAL_ADDRESS: temporal.lineAddress } : {}),
      ...slowDisk?.environment,
    },
  });
  stack.defer(() => world[Symbol.asyncDispose]());
  mirror.target = world.mirror.url;
  const supervisor = supervise(world);
  stack.defer(() => supervisor.stop());
  return {
    ...{ directory, world, supervisor, kernels, kmods: specs, changing, mirror, impossible },
    temporalAddress: temporal?.address ?? world.temporalAddress,
    ...(temporal ? { temporal } : {}),
    ...(engine ? { engine } : {}),
    ...(disk ? { disk } : {}),
    ...(slowDisk ? { slowDisk } : {}),
    [Symbol.asyncDispose]: () => stack.run(),
  };
}

function requireRoot(action: string): void {
  if (process.getuid?.() !== 0) throw new Error(`only root may ${action}`);
}

function describeConfig(
  { image, upstreamKey }: Lab,
  url: string,
  kmods: readonly (ExpectedKmod & { readonly spec: string })[],
): readonly string[] {
  return [
    'streams:',
    '  lab:',
    '    like: lab',
    `    urls: [${url}]`,
    '    poll: 3s',
    '    keepKernels: 20',
    '    gate: { grace: 0s }',
    `    trust: { gpgKeys: [${upstreamKey}], gpgCheck: true, repoGpgCheck: true }`,
    'targets:',
    `  lab: { like: lab, image: '${image}' }`,
    'sources: { poll: 5s }',
    // What is left by one fault goes before the next comes; nothing that is needed may go with it.
    'upkeep: { every: 10s, grace: 1s }',
    'limits: { free: 64MiB, freeInodes: 500 }',
    'kmods:',
    ...kmods.map(
      ({ name, spec, isRequired }) =>
        `  ${name}: { spec: '${spec}', streams: [lab], required: ${isRequired}, loadTest: { mode: off } }`,
    ),
  ];
}
