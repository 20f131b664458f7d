import Dockerode from 'dockerode';
import { EngineRefusedError } from '../model/engine-errors.ts';
import { askEngine, callEngine, type DockerConnection, isNotFound } from './docker-connection.ts';
import { pullImage } from './docker-pull.ts';
import { ContainerListReply, ImageReply, InfoReply, VersionReply } from './docker-replies.ts';
import { runContainer } from './docker-run.ts';
import type {
  ContainerEngine,
  EngineImage,
  EngineInfo,
  EngineLabels,
  ImageName,
  ListedContainer,
} from './engine.ts';

/**
 * Connects to Docker, or to what speaks its API as Podman does.
 *
 * @param address `unix:///path` or `tcp://host:port`. The engine must see this machine's files, since
 *   inputs are bind-mounted.
 * @param timeoutMs For each of the two questions asked here.
 * @throws {EngineUnavailableError} If nothing answers there.
 * @throws {EngineRefusedError} If what answers is no container engine.
 * @throws {TypeError} If the address has another form.
 */
export async function connectDockerEngine(
  address: string,
  timeoutMs: number,
): Promise<ContainerEngine> {
  const connection = { client: makeClient(address), address };
  const info = await readInfo(connection, timeoutMs);
  return {
    info,
    findImage: (reference) => findImage(connection, reference),
    pull: (reference, { signal }) => pullImage(connection, reference, signal),
    run: (request, control) => runContainer(connection, info, request, control),
    tag: (imageId, name) => tagImage(connection, imageId, name),
    removeImage: (reference) => removeImage(connection, reference),
    list: (labels) => listContainers(connection, labels),
    remove: (containerId) => removeContainer(connection, containerId),
  };
}

function makeClient(address: string): Dockerode {
  const url = new URL(address);
  if (url.protocol === 'unix:' && url.pathname !== '') {
    // An empty host, else DOCKER_HOST would win over the socket inside of docker-modem.
    return new Dockerode({ socketPath: decodeURIComponent(url.pathname), host: '' });
  }
  if (url.protocol === 'tcp:' && url.port !== '') {
    return new Dockerode({ host: url.hostname, port: url.port, protocol: 'http' });
  }
  throw new TypeError(
    `Cannot connect to "${address}": expected unix:///path or tcp://host:port, found ${url.protocol}`,
  );
}

async function readInfo(connection: DockerConnection, timeoutMs: number): Promise<EngineInfo> {
  const action = 'ask a container engine for its version';
  const [version, info] = await Promise.all([
    askEngine(connection, action, VersionReply, (client) => client.version(), timeoutMs),
    askEngine(connection, action, InfoReply, (client) => client.info(), timeoutMs),
  ]);
  const components = version.Components ?? [];
  const security = info.SecurityOptions ?? [];
  return {
    kind: components.some(({ Name }) => Name.startsWith('Podman')) ? 'podman' : 'docker',
    address: connection.address,
    version: version.Version,
    apiVersion: version.ApiVersion,
    // Podman says it in Go's words.
    arch: { amd64: 'x86_64', arm64: 'aarch64' }[info.Architecture] ?? info.Architecture,
    cpuCount: info.NCPU,
    memoryBytes: info.MemTotal,
    cgroupVersion: info.CgroupVersion ?? '1',
    hasMemoryLimit: info.MemoryLimit ?? false,
    hasPidsLimit: info.PidsLimit ?? false,
    isRootless: info.Rootless ?? security.some((option) => option.startsWith('name=rootless')),
    ...(info.DockerRootDir ? { rootDirectory: info.DockerRootDir } : {}),
    isSelinux: security.some((option) => option.startsWith('name=selinux')),
  };
}

async function findImage(
  connection: DockerConnection,
  reference: string,
): Promise<EngineImage | undefined> {
  for (const name of namesOf(reference)) {
    try {
      const action = `find the image "${name}"`;
      const image = await askEngine(connection, action, ImageReply, (client) =>
        client.getImage(name).inspect(),
      );
      return {
        id: image.Id,
        names: image.RepoTags ?? [],
        sizeBytes: image.Size,
        createdAtMs: Date.parse(image.Created),
        labels: image.Config?.Labels ?? {},
      };
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}

/**
 * The names that an image may have. Podman's Docker API takes a short name for one of docker.io,
 * while its own command line keeps what was built here under localhost.
 */
function namesOf(reference: string): readonly string[] {
  const [first = ''] = reference.split('/');
  const isShort = !/^sha256:|^[0-9a-f]{64}$/.test(reference) && !/[.:]|^localhost$/.test(first);
  return isShort ? [reference, `localhost/${reference}`] : [reference];
}

async function tagImage(
  connection: DockerConnection,
  imageId: string,
  { repository, tag }: ImageName,
): Promise<void> {
  await callEngine(connection, `name an image "${repository}:${tag}"`, (client) =>
    client.getImage(imageId).tag({ repo: repository, tag }),
  );
}

async function removeImage(connection: DockerConnection, reference: string): Promise<boolean> {
  for (const name of namesOf(reference)) {
    try {
      await callEngine(connection, `remove the image "${name}"`, (client) =>
        client.getImage(name).remove({ force: false }),
      );
      return true;
    } catch (error) {
      const isUsed = error instanceof EngineRefusedError && error.statusCode === 409;
      if (isUsed) return false;
      if (!isNotFound(error)) throw error;
    }
  }
  return false;
}

async function listContainers(
  connection: DockerConnection,
  labels: EngineLabels,
): Promise<readonly ListedContainer[]> {
  const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const found = await askEngine(connection, 'list containers', ContainerListReply, (client) =>
    client.listContainers({ all: true, filters: { label } }),
  );
  return found.map(({ Id, Labels }) => ({ id: Id, labels: Labels }));
}

async function removeContainer(
  connection: DockerConnection,
  containerId: string,
): Promise<boolean> {
  try {
    await callEngine(connection, 'remove a container', (client) =>
      client.getContainer(containerId).remove({ force: true, v: true }),
    );
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
