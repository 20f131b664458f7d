import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { takeRunLock } from '../../cli/run-lock.ts';
import { cacheDirectory } from '../read-lab.ts';
import {
  listProcesses,
  type RunningProcess,
  signal,
  waitUntil,
  withDescendants,
} from './processes.ts';

const run = promisify(execFile);
const START_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 15_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * A Docker engine that nobody else uses, so that it can be killed. Its containers have no network; its images
 * stay in the cache for the next run.
 */
export class PrivateEngine {
  /** What `DOCKER_HOST` is for its users. */
  readonly host: string;
  readonly logFile: string;
  readonly #directory: string;
  readonly #dataRoot: string;
  readonly #unlock: () => Promise<void>;
  #daemon: ChildProcess | undefined;

  private constructor(directory: string, dataRoot: string, unlock: () => Promise<void>) {
    this.#directory = directory;
    this.#dataRoot = dataRoot;
    this.#unlock = unlock;
    this.host = `unix://${join(directory, 'docker.sock')}`;
    this.logFile = join(directory, 'dockerd.log');
  }

  /** Starts one and brings it an image of the machine's own engine. */
  static async start(image: string): Promise<PrivateEngine> {
    const cache = join(cacheDirectory(), 'chaos');
    const unlock = await takeRunLock(join(cache, 'run', 'engine.lock'));
    const directory = await mkdtemp(join(tmpdir(), 'rekmod-chaos-engine-'));
    const engine = new PrivateEngine(directory, join(cache, 'engine'), unlock);
    try {
      await mkdir(engine.#dataRoot, { recursive: true });
      await engine.start();
      await engine.#load(image);
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the daemon and waits until it answers; does nothing if it runs. */
  async start(): Promise<void> {
    if (this.isRunning) return;
    const at = (name: string): string => join(this.#directory, name);
    // One that was killed leaves its number, which another process may have by now.
    await rm(at('pid'), { force: true });
    await rm(join(at('exec'), 'containerd', 'containerd.pid'), { force: true });
    const log = await open(this.logFile, 'a');
    const argv = [
      ...['--host', this.host, '--data-root', this.#dataRoot, '--exec-root', at('exec')],
      ...['--pidfile', at('pid'), '--bridge=none', '--iptables=false', '--ip-forward=false'],
      '--ip-masq=false',
      // Where the machine has a containerd of its own, Docker shares it.
      ...['--containerd-namespace', 'rekmod-chaos'],
      ...['--containerd-plugins-namespace', 'rekmod-chaos-plugins'],
    ];
    // In a network of its own: a daemon without a bridge removes the docker0 of the machine's own engine.
    this.#daemon = spawn('unshare', ['--net', 'dockerd', ...argv], {
      ...{ detached: true, stdio: ['ignore', log.fd, log.fd] },
    });
    await log.close();
    const answers = async (): Promise<boolean> =>
      await this.docker('version').then(
        () => true,
        () => false,
      );
    if (await waitUntil(answers, START_TIMEOUT_MS)) return;
    throw new Error(`the private dockerd does not answer, see ${this.logFile}`);
  }

  /** Whether the daemon runs. */
  get isRunning(): boolean {
    const daemon = this.#daemon;
    return daemon !== undefined && daemon.exitCode === null && daemon.signalCode === null;
  }

  /** Ends the daemon, and nothing else: its containers may live on when it is killed. */
  async end(how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon || !this.isRunning) return;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill(how);
    await ended;
    // Its containerd is told to end by the kernel; a daemon that finds it alive would not start its own.
    await waitUntil(async () => !(await this.#isContainerdAlive()), END_TIMEOUT_MS);
  }

  async #isContainerdAlive(): Promise<boolean> {
    const config = join(this.#directory, 'exec', 'containerd', 'containerd.toml');
    const isOwn = ({ command }: RunningProcess): boolean =>
      command.includes(config) && command.includes('containerd ');
    return (await listProcesses()).some(isOwn);
  }

  /** Kills the daemon and all that it began, as a power cut does. */
  async cutPower(): Promise<void> {
    const all = await listProcesses();
    // Shims have left their parents, but name this engine's directory.
    const roots = all.filter(
      ({ pid, command }) => pid === this.#daemon?.pid || command.includes(this.#directory),
    );
    for (const { pid } of withDescendants(roots, all)) signal(pid, 'SIGKILL');
    await this.end('SIGKILL');
  }

  /** Runs a command of Docker's client. */
  async docker(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', ['--host', this.host, ...args], {
      maxBuffer: MAX_OUTPUT_BYTES,
      timeout: 60_000,
    });
    return stdout;
  }

  /** Removes containers and buildroots of earlier runs, so that each is prepared anew. */
  async forget(): Promise<void> {
    const lines = (text: string): readonly string[] => text.split('\n').filter(Boolean);
    const containers = lines(await this.docker('ps', '--all', '--quiet'));
    if (containers.length > 0) await this.docker('rm', '--force', ...containers);
    const images = lines(await this.docker('images', '--quiet', '--filter', 'reference=rekmod/*'));
    if (images.length > 0) await this.docker('rmi', '--force', ...new Set(images));
  }

  async #load(image: string): Promise<void> {
    const known = await this.docker('images', '--quiet', image);
    if (known.trim() !== '') return;
    const script = 'docker save "$1" | docker --host "$2" load';
    await run('bash', ['-o', 'pipefail', '-c', script, 'load', image, this.host]);
  }

  /** Ends it with everything that it began. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.forget().catch(() => undefined);
    await this.end('SIGTERM');
    await this.cutPower();
    await unmount(this.#directory);
    await unmount(this.#dataRoot);
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
    await this.#unlock();
  }
}

/** A daemon that was killed leaves mounts of its containers behind, and one of its data on itself. */
async function unmount(directory: string): Promise<void> {
  const { stdout } = await run('findmnt', ['--raw', '--noheadings', '--output', 'TARGET']);
  const below = stdout
    .split('\n')
    .filter((target) => target === directory || target.startsWith(`${directory}/`));
  for (const target of below.reverse()) await run('umount', ['--lazy', target]).catch(() => {});
}
