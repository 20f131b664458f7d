import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import { World } from '../world.ts';
import { type Distribution, fillIn } from './corpus-spec.ts';
import type { DialectLab } from './dialect-lab.ts';
import type { LaidOutSpec } from './lay-out-spec.ts';

/** Whose kernels there are. */
export const DISTRIBUTIONS: readonly Distribution[] = ['el', 'suse'];

const FAMILIES: Readonly<Record<Distribution, string>> = {
  el: '{ core: kernel-core, devel: kernel-devel, flavours: [default] }',
  suse: "{ core: 'kernel-{flavour}', devel: 'kernel-{flavour}-devel', flavours: [default] }",
};

/** Makes a world of two streams, in which both vendors have released both kernels. */
export async function createDialectWorld(
  made: DialectLab,
  { directory, specs }: { readonly directory: string; readonly specs: readonly LaidOutSpec[] },
): Promise<World> {
  const world = await World.create(made.lab, {
    directory,
    kmods: [],
    released: [],
    describe: (itself) => describeStreams(itself, made, specs),
  });
  const script = join(import.meta.dirname, '..', 'release-kernel.sh');
  const { REKMOD_CACHE } = process.env;
  for (const name of DISTRIBUTIONS) {
    const kernels = made.kernels[name].map((release) => `${name}/${release}`);
    const env = REKMOD_CACHE === undefined ? {} : { REKMOD_CACHE };
    await runProgram(['bash', script, join(world.streamDirectory, name), ...kernels], { env });
  }
  return world;
}

function describeStreams(
  { lab, mirror, streamDirectory }: World,
  { vendors, macrosRelease }: DialectLab,
  specs: readonly LaidOutSpec[],
): readonly string[] {
  const trust = `{ gpgKeys: [${lab.upstreamKey}], gpgCheck: true, repoGpgCheck: true }`;
  const fileUrl = (path: string): string => pathToFileURL(path).href;
  return [
    'streams:',
    ...DISTRIBUTIONS.flatMap((name) => [
      `  ${name}:`,
      '    like: lab',
      `    family: ${FAMILIES[name]}`,
      `    urls: ['${mirror.url}/${name}']`,
      '    poll: 5s',
      `    trust: ${trust}`,
      `    target: ${name}`,
      `    repository: ${name}`,
    ]),
    'targets:',
    ...DISTRIBUTIONS.flatMap((name) => [
      `  ${name}:`,
      '    like: lab',
      `    image: '${lab.image}'`,
      `    packages: [lab-${name}-macros-1-${macrosRelease}]`,
      '    repositories:',
      `      vendor: ${fileUrl(vendors[name])}`,
      `      kernels: ${fileUrl(join(streamDirectory, name))}`,
    ]),
    'kmods:',
    ...specs.map(describeKmod),
  ];
}

function describeKmod({ spec, path, version }: LaidOutSpec): string {
  const defines = Object.entries(spec.defines ?? {}).map(
    ([name, value]) => `${name}: '${fillIn(value, { version, release: '' })}'`,
  );
  const streams = Object.keys(spec.forms).join(', ');
  return `  ${spec.name}: { spec: '${path}', streams: [${streams}], defines: { ${defines.join(', ')} } }`;
}
