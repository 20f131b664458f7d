import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { World } from './world.ts';

/** What a clean client had after `dnf install`. */
export interface ClientInstall {
  /** As rpm names them. */
  readonly packages: readonly string[];
  /** Directories that hold the modules, e.g. `/lib/modules/6.1.0-55-amd64/extra/jool`. */
  readonly moduleDirectories: readonly string[];
  readonly newestKernel: string;
}

const run = promisify(execFile);
const TIMEOUT_MS = 10 * 60_000;

/** What runs in the client; it gets package names as arguments, never as shell text. */
const CLIENT_SCRIPT = `
set -eu
dnf -y -q --disableplugin=local --setopt=install_weak_deps=False install "$@"
echo === packages
rpm -q kernel-core "$@"
echo === directories
find /lib/modules -path '*/extra/*' -name '*.ko*' -printf '%h\\n' | sort -u
echo === kernel
ls /lib/modules | sort -V | tail -n 1
`;

/**
 * Installs packages with a real dnf in a new container of the lab's image, from the vendor's stream
 * and rekmod's repository, with `gpgcheck` and `repo_gpgcheck` on for both.
 *
 * The container shares the host's network, because the repositories listen on loopback.
 *
 * @throws {Error} If dnf refuses, with what it said.
 */
export async function installInClient(
  world: World,
  packages: readonly string[],
): Promise<ClientInstall> {
  const directory = join(world.home, '..', `client-${randomUUID()}`);
  await mkdir(directory);
  try {
    const key = basename(world.lab.upstreamKey);
    await copyFile(world.lab.upstreamKey, join(world.streamDirectory, key));
    await writeFile(join(directory, 'lab.repo'), describeStream(world.mirror.url, key));
    const repo = join(world.home, 'repositories', 'kmods', 'current', 'rekmod-kmods.repo');
    await writeFile(join(directory, 'rekmod-kmods.repo'), await readFile(repo));
    const { stdout } = await run(
      'docker',
      [
        ...['run', '--rm', '--network', 'host', '--volume', `${directory}:/etc/yum.repos.d:ro`],
        ...[world.lab.image, 'bash', '-c', CLIENT_SCRIPT, 'client', ...packages],
      ],
      { timeout: TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 },
    );
    return parseClient(stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Describes a stream of the lab to a client, with the key that lies beside it. */
export function describeStream(url: string, key: string): string {
  return [
    '[lab-vendor]',
    'name=Kernels of the lab',
    `baseurl=${url}/`,
    'enabled=1',
    'gpgcheck=1',
    'repo_gpgcheck=1',
    `gpgkey=${url}/${key}`,
    '',
  ].join('\n');
}

function parseClient(stdout: string): ClientInstall {
  const part = (name: string): readonly string[] => {
    const [, rest = ''] = stdout.split(`=== ${name}\n`);
    const [own = ''] = rest.split('=== ');
    return own.split('\n').filter((line) => line !== '');
  };
  return {
    packages: part('packages'),
    moduleDirectories: part('directories'),
    newestKernel: part('kernel')[0] ?? '',
  };
}
