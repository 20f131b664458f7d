import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SourcesRecord } from '../../model/source-watch.ts';
import { writeFastKmod } from '../fast/fast-kmod.ts';
import type { HeapUse } from '../measure-heap.ts';
import type { Lab } from '../read-lab.ts';
import { World } from '../world.ts';
import type { MonthEvent } from './month-events.ts';
import { importsOf } from './month-kernels.ts';
import { MONTH_KMODS, MONTH_STREAMS } from './month-streams.ts';
import { openUpstream, type Upstream } from './upstream.ts';
import { makeVendorKey, type VendorKey } from './vendor-key.ts';

/** A rekmod with all that it follows. */
export interface MonthWorld extends AsyncDisposable {
  readonly world: World;
  /** By stream. */
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Nobody else's: what is left there was left by rekmod. */
  readonly temporary: string;
  /** What `rekmod up` has on its heaps at this moment. @throws {Error} If it does not say so. */
  askHeap(): Promise<HeapUse>;
  /** Puts a version of a kmod's source in the place of the one before. */
  releaseSource(kmod: string, version: number): Promise<void>;
  /** What `streams/<name>.json` says of the last look, or undefined before the first. */
  readLook(stream: string): Promise<Look | undefined>;
  /** Which source of a kmod rekmod saw last. */
  readSourceDigest(kmod: string): Promise<string | undefined>;
}

/** What rekmod remembers of a look. */
export interface Look {
  /** ISO 8601 in UTC. */
  readonly lookedAt: string;
  readonly isOk: boolean;
  readonly message: string;
}

const UP = fileURLToPath(new URL('../fast-up.ts', import.meta.url));
/** Ten times a second. */
const HEAP_TRIES = 150;
/** Nothing of the real lab is needed. */
const NO_LAB: Lab = { image: 'fast', kernels: [], kmods: [], upstreamKey: '' };

/** Makes upstreams, sources and the configuration; nothing of rekmod runs yet. */
export async function createMonthWorld(
  directory: string,
  events: readonly MonthEvent[],
): Promise<MonthWorld> {
  const temporary = join(directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  const heapFile = join(directory, 'heap.json');
  const key = await makeVendorKey(directory);
  const upstreams = new Map<string, Upstream>();
  for (const { name } of MONTH_STREAMS) {
    const own = join(directory, 'upstream', name);
    upstreams.set(name, await openUpstream({ directory: own, stream: name, events, key }));
  }
  await writeSources(directory, events);
  const releaseSource = async (kmod: string, version: number): Promise<void> => {
    const link = join(directory, 'sources', `${kmod}.new`);
    await symlink(join('versions', `${version}`, kmod), link);
    await rename(link, join(directory, 'sources', kmod));
  };
  for (const { name } of MONTH_KMODS) await releaseSource(name, 1);
  const world = await World.create(NO_LAB, {
    directory,
    kmods: [],
    environment: { TMPDIR: temporary, LAB_HEAP_FILE: heapFile },
    program: [process.execPath, '--import', 'tsx', UP],
    describe: () => describe({ directory, upstreams, key }),
  });
  return {
    world,
    upstreams,
    temporary,
    askHeap: () => askHeap(world, heapFile),
    releaseSource,
    readLook: (stream) => readJson<Look>(join(world.home, 'streams', `${stream}.json`)),
    async readSourceDigest(kmod) {
      const record = await readJson<SourcesRecord>(join(world.home, 'sources.json'));
      return record?.kmods[kmod]?.sourceDigest;
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      for (const upstream of upstreams.values()) await upstream[Symbol.asyncDispose]();
      await key[Symbol.asyncDispose]();
    },
  };
}

/** See `lab/fast-up.ts`. */
async function askHeap({ pid }: World, file: string): Promise<HeapUse> {
  await rm(file, { force: true });
  if (pid !== undefined) process.kill(pid, 'SIGUSR2');
  for (let tries = 0; tries < HEAP_TRIES; tries++) {
    await delay(100);
    const use = await readJson<HeapUse>(file);
    if (use) return use;
  }
  throw new Error(`Cannot measure the heap of process ${pid}: expected ${file}, found none`);
}

/** All versions lie there from the begin: one that is put in place was not written a moment ago. */
async function writeSources(directory: string, events: readonly MonthEvent[]): Promise<void> {
  const released = events.flatMap((event) => (event.kind === 'source' ? [event] : []));
  const first = MONTH_KMODS.map(({ name }) => ({ kmod: name, version: 1 }));
  for (const { kmod, version } of [...first, ...released]) {
    await writeFastKmod(join(directory, 'sources', 'versions', `${version}`), {
      name: kmod,
      version: `${version}.0`,
      imports: importsOf(kmod, version),
    });
  }
}

/** Somebody may not have written it yet. */
async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}

interface Described {
  readonly directory: string;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly key: VendorKey;
}

/** A poll takes about a second and stands for two hours; what is kept for days is kept for seconds. */
function describe({ directory, upstreams, key }: Described): readonly string[] {
  return [
    'streams:',
    ...MONTH_STREAMS.flatMap(({ name, flavours, core, devel, keepKernels }) => [
      `  ${name}:`,
      '    like: lab',
      `    urls: [${upstreams.get(name)?.mirror.url}]`,
      `    family: { core: '${core}', devel: '${devel}', flavours: [${flavours.join(', ')}] }`,
      '    poll: 1s',
      `    trust: { gpgKeys: [${key.publicKeyFile}], repoGpgCheck: true }`,
      `    keepKernels: ${keepKernels}`,
      `    repository: ${name}`,
      '    gate: { grace: 5s, fastLane: { severities: [critical], skip: optional } }',
    ]),
    'targets:',
    '  lab: { like: lab, image: fast }',
    'kmods:',
    ...MONTH_KMODS.map(({ name, streams, isRequired }) => {
      const spec = join(directory, 'sources', name, `kmod-${name}.spec`);
      return `  ${name}: { spec: ${spec}, streams: [${streams.join(', ')}], required: ${isRequired} }`;
    }),
    'sources: { poll: 1s }',
    'upkeep: { every: 10s, grace: 10s, buildroots: 30s, kernels: 20s }',
    'repositories:',
    ...MONTH_STREAMS.flatMap(({ name }) =>
      [name, `${name}-gated`].map(
        (repository) =>
          `  ${repository}: { keep: { snapshots: 5, history: 30s, builds: 2, gone: 30s, grace: 10s } }`,
      ),
    ),
  ];
}
