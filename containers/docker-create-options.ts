import type { ContainerCreateOptions } from 'dockerode';
import type { ContainerRequest, EngineInfo, ImageCommit } from './engine.ts';

/** Enough for a parallel kernel build, and below the hard limits of a plain machine. */
const OPEN_FILES = 4096;

/**
 * Bound on processes of one uid. The kernel counts them over all containers of this uid, so this is
 * only a far limit; the near one is the container's own `pids`.
 */
const USER_PROCESSES = 4096;

const LABEL_VALUE = /^[A-Za-z0-9._+:@/-]+$/;

/**
 * Says in the engine's words what a container request asks for.
 *
 * - The ulimits stand in every request: Podman 4.3 takes defaults beyond its own hard limits
 *   otherwise, and then answers 409 to an attach and 500 to a start.
 * - `uid=` for Docker, whose runc gives a tmpfs the mode of the directory below it, whatever `mode=`
 *   says; Podman 4.3 does not know it.
 * - `Mounts` instead of `Binds`: a missing source is an error and no new directory, and a colon in a
 *   path is a colon.
 * - More CPUs than the machine has are refused by Docker, so they are cut.
 *
 * @see Docker Engine API 1.41, ContainerCreate
 */
export function describeContainer(
  request: ContainerRequest,
  info: Pick<EngineInfo, 'kind' | 'cpuCount' | 'isSelinux'>,
): ContainerCreateOptions {
  const [uid = '0', gid = '0'] = request.user.split(':');
  const owner = info.kind === 'docker' ? `,uid=${uid},gid=${gid}` : '';
  return {
    Image: request.image,
    Entrypoint: [],
    Cmd: [...request.command],
    Env: Object.entries(request.environment).map(([name, value]) => `${name}=${value}`),
    WorkingDir: request.workingDirectory,
    User: request.user,
    Labels: { ...request.labels },
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    HostConfig: {
      NetworkMode: request.network,
      CapDrop: ['ALL'],
      CapAdd: [...request.capabilities],
      SecurityOpt: ['no-new-privileges', ...(info.isSelinux ? ['label=disable'] : [])],
      ReadonlyRootfs: request.isRootReadOnly,
      Mounts: request.mounts.map(({ source, target }) => ({
        Type: 'bind',
        Source: source,
        Target: target,
        ReadOnly: true,
      })),
      Tmpfs: Object.fromEntries(
        request.scratch.map(({ target, sizeBytes }) => [
          target,
          `rw,exec,nosuid,nodev,size=${Math.floor(sizeBytes)},mode=1777${owner}`,
        ]),
      ),
      Memory: Math.floor(request.memoryBytes),
      MemorySwap: Math.floor(request.memoryBytes),
      NanoCpus: Math.floor(Math.min(request.cpus, info.cpuCount) * 1e9),
      PidsLimit: request.pids,
      Ulimits: [
        { Name: 'nofile', Soft: OPEN_FILES, Hard: OPEN_FILES },
        { Name: 'nproc', Soft: USER_PROCESSES, Hard: USER_PROCESSES },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      LogConfig: { Type: 'none', Config: {} },
    },
  };
}

/**
 * Says in the engine's words what image to make of a container.
 *
 * An image inherits its container's labels and hands them on to every container made from it. They
 * are overwritten with `-` here, so that nobody takes such a container for the one that is gone. Of its
 * environment, too: a proxy's password is no kmod's business. A variable cannot be removed, only emptied.
 *
 * @returns Query parameters of `POST /commit`.
 */
export function describeCommit(
  containerId: string,
  commit: ImageCommit,
  { labels: containerLabels, environment }: Pick<ContainerRequest, 'labels' | 'environment'>,
): Readonly<Record<string, string | readonly string[]>> {
  const inherited = Object.keys(containerLabels).map((name): [string, string] => [name, '-']);
  const labels = new Map([...inherited, ...Object.entries(commit.labels)]);
  return {
    container: containerId,
    repo: commit.repository,
    tag: commit.tag,
    pause: 'false',
    changes: [
      ...[...labels].map(([name, value]) => describeLabel(name, value)),
      ...Object.keys(environment)
        .filter((name) => name !== 'PATH')
        .map((name) => `ENV ${name}=`),
    ],
  };
}

function describeLabel(name: string, value: string): string {
  if (!LABEL_VALUE.test(name) || !LABEL_VALUE.test(value)) {
    throw new Error(`BUG: the image label "${name}" has the value "${value}"`);
  }
  return `LABEL ${name}=${value}`;
}
