import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findProgram } from '../../activities/find-program.ts';
import { findEngine } from '../../containers/find-engine.ts';

/** Podman's API on a storage of its own; its process and files go in the end. */
export interface PodmanService extends AsyncDisposable {
  readonly address: string;
  /** Runs podman's own command line on that storage. */
  podman(...args: readonly string[]): Promise<string>;
}

/** Why an engine cannot be tested here. */
export interface Skip {
  readonly skip: string;
}

const run = promisify(execFile);
const START_ATTEMPTS = 100;

/** Serves Podman and waits until it answers. */
export async function servePodman(): Promise<PodmanService | Skip> {
  if (!(await hasProgram('podman'))) return { skip: 'podman is not installed' };
  const home = await mkdtemp(join(tmpdir(), 'rekmod-podman-'));
  const address = `unix://${home}/podman.sock`;
  // Debian 12's crun refuses hybrid cgroups, so runc is taken where it is.
  const runtime = (await hasProgram('runc')) ? ['--runtime', 'runc'] : [];
  const storage = ['--root', join(home, 'root'), '--runroot', join(home, 'run'), ...runtime];
  const child = spawn('podman', [...storage, 'system', 'service', '--time=0', address], {
    // conmon writes a file `oom` where it was started.
    cwd: home,
    stdio: 'ignore',
  });
  const service = {
    address,
    podman: async (...args: readonly string[]) =>
      (await run('podman', [...storage, ...args], { maxBuffer: 16 * 1024 * 1024 })).stdout,
    async [Symbol.asyncDispose]() {
      await endProcess(child);
      await run('umount', [join(home, 'root', 'overlay')]).catch(() => undefined);
      await rm(home, { recursive: true, force: true });
    },
  };
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
    const search = await findEngine({ DOCKER_HOST: address, uid: 0 });
    if (search.kind === 'found') return service;
    await delay(100);
  }
  await service[Symbol.asyncDispose]();
  return { skip: 'podman system service did not come up' };
}

async function hasProgram(name: string): Promise<boolean> {
  return (await findProgram(name, process.env.PATH ?? '')) !== undefined;
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([ended, delay(5000).then(() => child.kill('SIGKILL'))]);
  await ended;
}
