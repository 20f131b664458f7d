import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Dockerode from 'dockerode';
import type { ContainerEngine, ContainerRequest, EngineLabels } from '../../containers/engine.ts';
import { findEngine, requireEngine } from '../../containers/find-engine.ts';
import { cacheDirectory } from '../../lab/read-lab.ts';
import { type Skip, servePodman } from '../support/serve-podman.ts';

const execute = promisify(execFile);
const MEBIBYTE = 1024 ** 2;

/** A real engine with a tiny image. */
export interface EngineRig {
  readonly engine: ContainerEngine;
  /** On every container of this rig. */
  readonly labels: EngineLabels;
  /** Describes a container as confined as a build's that runs a script with busybox. */
  describe(script: string, changes?: Partial<ContainerRequest>): ContainerRequest;
  /** Has an image removed at the end. */
  ownImage(id: string): void;
  dispose(): Promise<void>;
}

export async function startDockerRig(): Promise<EngineRig | Skip> {
  const search = await findEngine({ DOCKER_HOST: process.env.DOCKER_HOST, uid: 0 });
  if (search.kind === 'missing') return { skip: JSON.stringify(search.attempts) };
  if (search.engine.info.kind !== 'docker') return { skip: 'the engine found is not Docker' };
  return await prepareRig(search.engine, async () => undefined);
}

/** As {@link startDockerRig}, on Podman. */
export async function startPodmanRig(): Promise<EngineRig | Skip> {
  const service = await servePodman();
  if ('skip' in service) return service;
  const engine = await requireEngine(
    { DOCKER_HOST: service.address, uid: 0 },
    { patienceMs: 30_000, say: () => undefined },
  );
  return await prepareRig(engine, async () => await service[Symbol.asyncDispose]());
}

async function prepareRig(engine: ContainerEngine, stop: () => Promise<void>): Promise<EngineRig> {
  const client = new Dockerode({
    socketPath: engine.info.address.slice('unix://'.length),
    host: '',
  });
  const image = await importBusybox(client);
  const owned = [image];
  const labels = { 'io.rekmod.test': String(process.pid) };
  return {
    engine,
    labels,
    describe: (script, changes) => ({
      image,
      command: ['/bin/sh', '-c', script],
      environment: { PATH: '/bin' },
      workingDirectory: '/',
      user: '1000:1000',
      network: 'none',
      capabilities: [],
      isRootReadOnly: true,
      mounts: [],
      scratch: [{ target: '/builddir', sizeBytes: 64 * MEBIBYTE }],
      memoryBytes: 128 * MEBIBYTE,
      cpus: 1,
      pids: 64,
      labels,
      stdoutLimitBytes: 64 * MEBIBYTE,
      stderrLimitBytes: MEBIBYTE,
      timeoutMs: 30_000,
      ...changes,
    }),
    ownImage: (id) => void owned.push(id),
    async dispose() {
      for (const { id } of await engine.list(labels)) await engine.remove(id);
      for (const id of owned.reverse()) {
        await client
          .getImage(id)
          .remove({ force: true })
          .catch(() => undefined);
      }
      await stop();
    },
  };
}

/** Makes an image of Debian's busybox-static; there is no registry where tests run. */
async function importBusybox(client: Dockerode): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-busybox-'));
  try {
    const root = join(directory, 'root');
    await execute('dpkg-deb', ['--extract', await fetchBusybox(), root]);
    for (const name of ['proc', 'sys', 'dev', 'etc', 'tmp']) await mkdir(join(root, name));
    await execute('chroot', [root, '/bin/busybox', '--install', '-s', '/bin']);
    const archive = join(directory, 'image.tar');
    await execute('tar', ['--create', '--file', archive, '--directory', root, '.']);
    const progress = await client.importImage(archive, { repo: 'rekmod-test/busybox', tag: 'e2e' });
    let answer = '';
    for await (const chunk of progress) answer += String(chunk);
    const id = /sha256:[0-9a-f]{64}/.exec(answer)?.[0];
    if (id === undefined) throw new Error(`Cannot import busybox: found ${answer}`);
    return id;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fetchBusybox(): Promise<string> {
  const directory = join(cacheDirectory(), 'test');
  await mkdir(directory, { recursive: true });
  const findDeb = async (): Promise<string | undefined> =>
    (await readdir(directory)).find((name) => /^busybox-static_.*\.deb$/.test(name));
  if ((await findDeb()) === undefined) {
    const options = ['download', '-qq', '-o', 'APT::Sandbox::User=', 'busybox-static'];
    await execute('apt-get', options, { cwd: directory });
  }
  return join(directory, (await findDeb()) ?? 'busybox-static.deb');
}
