import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from '../../activities/run-program.ts';
import type { World } from '../world.ts';
import type { Distribution } from './corpus-spec.ts';
import type { DialectLab } from './dialect-lab.ts';

/** What a machine has at one moment. */
export interface ClientState {
  /** As rpm names them. */
  readonly packages: ReadonlySet<string>;
  /** Path of each third-party module to the kernel in its vermagic. */
  readonly modules: ReadonlyMap<string, string>;
}

/** How an installation went. */
export type ClientEnd =
  | { readonly kind: 'installed'; readonly older: ClientState; readonly newer: ClientState }
  | { readonly kind: 'refused'; readonly said: string };

/** Installs packages on a new machine of a distribution. */
export type Client = (wanted: {
  readonly older: readonly string[];
  readonly newer: readonly string[];
}) => Promise<ClientEnd>;

const TIMEOUT_MS = 10 * 60_000;
const SAID_LINES = 6;
const SCRIPT = join(import.meta.dirname, 'client.sh');

/**
 * Opens a kind of client: a container that has the vendor's kernels and macros and rekmod's
 * repository, with signatures checked, and nothing of a kernel yet. dnf finds the kernels by itself.
 */
export async function openClient(
  world: World,
  { vendors }: DialectLab,
  distribution: Distribution,
): Promise<Client & AsyncDisposable> {
  const directory = await mkdtemp(join(world.home, '..', 'client-'));
  const repositories = join(directory, 'repos');
  await mkdir(repositories);
  const key = basename(world.lab.upstreamKey);
  await copyFile(world.lab.upstreamKey, join(repositories, key));
  const published = join(world.home, 'repositories', distribution, 'current');
  const repoFile = `rekmod-${distribution}.repo`;
  await writeFile(join(repositories, repoFile), await readFile(join(published, repoFile)));
  const stream = join(world.streamDirectory, distribution);
  await writeFile(join(repositories, 'vendor.repo'), describeVendor(key));
  const mounts = [
    `${repositories}:/etc/yum.repos.d:ro`,
    `${stream}:/vendor/kernels:ro`,
    `${vendors[distribution]}:/vendor/tools:ro`,
    `${SCRIPT}:/client.sh:ro`,
  ].flatMap((mount) => ['--volume', mount]);
  const client: Client = async ({ older, newer }) => {
    const argv = [
      'docker',
      'run',
      '--rm',
      '--network',
      'host',
      ...mounts,
      world.lab.image,
    ] as const;
    const { exitCode, stdout, stderr } = await runProgram(
      [...argv, 'bash', '/client.sh', ...older, '--', ...newer],
      { okCodes: Array.from({ length: 256 }, (_, code) => code), timeoutMs: TIMEOUT_MS },
    );
    if (exitCode === 0) {
      return {
        kind: 'installed',
        older: parseState(stdout, 'older'),
        newer: parseState(stdout, newer.length === 0 ? 'older' : 'newer'),
      };
    }
    const lines = stderr.split('\n').filter((line) => line.trim() !== '');
    return { kind: 'refused', said: lines.slice(-SAID_LINES).join('\n') };
  };
  return Object.assign(client, {
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  });
}

function describeVendor(key: string): string {
  const url = (path: string): string => pathToFileURL(path).href;
  const signed = `gpgcheck=1\nrepo_gpgcheck=1\ngpgkey=${url(`/etc/yum.repos.d/${key}`)}`;
  return [
    `[vendor-kernels]\nname=Kernels\nbaseurl=${url('/vendor/kernels')}\n${signed}\n`,
    // What the lab wrote itself is not signed.
    `[vendor-tools]\nname=Tools\nbaseurl=${url('/vendor/tools')}\ngpgcheck=0\n`,
  ].join('\n');
}

function parseState(stdout: string, section: string): ClientState {
  const part = (name: string): readonly string[] => {
    const [, rest = ''] = stdout.split(`=== ${name} ${section}\n`);
    const [own = ''] = rest.split('=== ');
    return own.split('\n').filter((line) => line !== '');
  };
  const modules = part('modules').map((line): [string, string] => {
    const [path = '', release = ''] = line.split(' ');
    return [path, release];
  });
  return { packages: new Set(part('packages')), modules: new Map(modules) };
}
