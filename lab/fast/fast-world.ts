import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../read-lab.ts';
import { World } from '../world.ts';
import type { FastKernel } from './fast-kernel.ts';
import { type FastKmod, writeFastKmod } from './fast-kmod.ts';
import { releaseFastKernels } from './fast-stream.ts';

/** What a world of fast builds begins with; see {@link World}. */
export interface FastWorldOptions {
  /** An empty or missing directory; holds everything of this world. */
  readonly directory: string;
  readonly kmods: readonly FastKmod[];
  /** Whether the gate waits for a kmod; all are required when absent. */
  readonly isRequired?: (name: string) => boolean;
  readonly kernels: readonly FastKernel[];
  /** @default {'5s'} */
  readonly poll?: string;
  /** What `gate` of the stream says, as YAML on one line; no gate when absent. */
  readonly gate?: string;
  /** More YAML of the stream, on lines of their own. */
  readonly stream?: readonly string[];
  /** YAML lines of the `limits` section. */
  readonly limits?: readonly string[];
  /** More YAML at the top level. */
  readonly extra?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What Node is given besides, e.g. `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

const UP = fileURLToPath(new URL('../fast-up.ts', import.meta.url));
/** Nothing of the real lab is needed. */
const NO_LAB: Lab = { image: 'fast', kernels: [], kmods: [], upstreamKey: '' };

/**
 * Makes a world whose builds take milliseconds: a real mirror, Temporal, worker, signer and publisher, and
 * the fast backend in place of an engine. Its stream is called `fast`, its repository `kmods`.
 */
export async function createFastWorld(options: FastWorldOptions): Promise<World> {
  const sources = fastSources(options.directory);
  const specs: (readonly [name: string, spec: string])[] = [];
  for (const kmod of options.kmods) specs.push([kmod.name, await writeFastKmod(sources, kmod)]);
  const { limits, extra, environment } = options;
  const world = await World.create(NO_LAB, {
    directory: options.directory,
    kmods: [],
    ...(limits && { limits }),
    ...(extra !== undefined && { extra }),
    ...(environment && { environment }),
    program: [process.execPath, ...(options.nodeOptions ?? []), '--import', 'tsx', UP],
    describe: (made) => describe(made, specs, options),
  });
  await releaseFastKernels(world.streamDirectory, options.kernels);
  return world;
}

/** Where such a world's kmods are, for writing them again. */
export function fastSources(directory: string): string {
  return join(directory, 'sources');
}

function describe(
  world: World,
  specs: readonly (readonly [name: string, spec: string])[],
  { poll = '5s', gate, stream = [], isRequired = () => true }: FastWorldOptions,
): readonly string[] {
  return [
    'streams:',
    '  fast:',
    '    title: Fast',
    '    like: lab',
    `    urls: [${world.mirror.url}]`,
    `    poll: ${poll}`,
    ...(gate === undefined ? [] : [`    gate: ${gate}`]),
    ...stream.map((line) => `    ${line}`),
    'targets:',
    `  lab: { like: lab, image: fast }`,
    'kmods:',
    ...specs.map(
      ([name, spec]) =>
        `  ${name}: { spec: ${spec}, streams: [fast], required: ${isRequired(name)}, loadTest: { mode: off } }`,
    ),
  ];
}
