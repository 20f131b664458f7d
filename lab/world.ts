import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, open, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { StatusReport } from '../model/status.ts';
import type { Lab, LabKmod } from './read-lab.ts';
import { type DirectoryServer, serveDirectory } from './serve-directory.ts';

/** How a command ended. */
export interface CommandEnd {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a world begins with. */
export interface WorldOptions {
  /** An empty or missing directory; holds everything of this world. */
  readonly directory: string;
  readonly kmods: readonly LabKmod[];
  /** Kernels that the vendor has released at the beginning; absent where the stream is filled by somebody else. */
  readonly released?: readonly string[];
  /** More kmods by name, with what stands in their entry as YAML, e.g. `dkms: /srv/jool`. */
  readonly moreKmods?: Readonly<Record<string, string>>;
  /** What `loadTest` of a kmod says, as YAML on one line, e.g. `{ mode: require }`. */
  readonly loadTests?: Readonly<Record<string, string>>;
  readonly poll?: string;
  /** What `gate` of the stream says, as YAML on one line, e.g. `{ grace: 0s }`; no gate when absent. */
  readonly gate?: string;
  /** YAML lines of the `limits` section. */
  readonly limits?: readonly string[];
  /** More YAML at the top level. */
  readonly extra?: string;
  /** Writes streams, targets and kmods in place of those of the lab. */
  readonly describe?: (world: World) => readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What starts `rekmod up`, program first; `bin/rekmod up` when absent. */
  readonly program?: readonly string[];
  /** Ports instead of free ones: Temporal, its UI, files. */
  readonly ports?: readonly [number, number, number];
}

const root = fileURLToPath(new URL('..', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const run = promisify(execFile);

/** A kernel vendor's mirror, a configuration and a rekmod that can be started, asked and killed. */
export class World {
  readonly lab: Lab;
  readonly home: string;
  readonly configFile: string;
  readonly streamDirectory: string;
  readonly mirror: DirectoryServer;
  readonly serverUrl: string;
  readonly temporalAddress: string;
  readonly temporalUi: string;
  readonly upLog: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #program: readonly string[];
  #up: ChildProcess | undefined;

  private constructor(
    lab: Lab,
    options: WorldOptions,
    parts: { readonly mirror: DirectoryServer; readonly ports: readonly number[] },
  ) {
    const [temporal = 0, ui = 0, files = 0] = parts.ports;
    this.lab = lab;
    this.home = join(options.directory, 'home');
    this.configFile = join(options.directory, 'rekmod.yaml');
    this.streamDirectory = join(options.directory, 'stream');
    this.upLog = join(options.directory, 'up.log');
    this.mirror = parts.mirror;
    this.serverUrl = `http://127.0.0.1:${files}`;
    this.temporalAddress = `127.0.0.1:${temporal}`;
    this.temporalUi = `http://127.0.0.1:${ui}`;
    this.#program = options.program ?? [join(root, 'bin', 'rekmod'), 'up'];
    this.#environment = {
      ...process.env,
      REKMOD_HOME: this.home,
      REKMOD_CONFIG: this.configFile,
      ...options.environment,
    };
  }

  /** Makes the world; nothing of rekmod runs yet. */
  static async create(lab: Lab, options: WorldOptions): Promise<World> {
    const stream = join(options.directory, 'stream');
    await mkdir(stream, { recursive: true });
    const mirror = await serveDirectory(stream);
    const ports = options.ports ?? (await findFreePorts(3));
    const world = new World(lab, options, { mirror, ports });
    if (options.released) await world.release(...options.released);
    await writeFile(world.configFile, describeConfig(world, options, ports));
    return world;
  }

  /** The vendor releases kernels into the stream. */
  async release(...releases: readonly string[]): Promise<void> {
    await run(join(root, 'lab', 'release-kernel.sh'), [this.streamDirectory, ...releases]);
  }

  /** The vendor makes its metadata anew, and someone changes the primary behind the vendor's back. */
  async tamperPrimary(): Promise<void> {
    await run(join(root, 'lab', 'release-kernel.sh'), [this.streamDirectory], {
      env: { ...process.env, LAB_TAMPER: 'primary' },
    });
  }

  /** Runs a `rekmod` command to its end. */
  async rekmod(...args: readonly string[]): Promise<CommandEnd> {
    try {
      const { stdout, stderr } = await run(join(root, 'bin', 'rekmod'), [...args], {
        env: this.#environment,
        maxBuffer: 64 * 1024 * 1024,
      });
      return { exitCode: 0, stdout, stderr };
    } catch (error) {
      if (!isCommandError(error)) throw error;
      return { exitCode: error.code, stdout: error.stdout, stderr: error.stderr };
    }
  }

  /** Starts `rekmod up` in the background and waits until it says that it is up. */
  async up(): Promise<void> {
    const log = await open(this.upLog, 'a');
    const before = (await log.stat()).size;
    const [program = '', ...args] = this.#program;
    const child = spawn(program, args, {
      env: this.#environment,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await log.close();
    this.#up = child;
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const said = (await readFile(this.upLog, 'utf8')).slice(before);
      if (said.includes('rekmod is up')) return;
      if (!isRunning(child) || Date.now() > deadline) {
        throw new Error(`rekmod up did not come up:\n${said.slice(-3000)}`);
      }
      await delay(100);
    }
  }

  /** The process id of `rekmod up`. */
  get pid(): number | undefined {
    return this.#up && isRunning(this.#up) ? this.#up.pid : undefined;
  }

  /** Waits until `rekmod up` has ended, however it does. */
  async ended(): Promise<void> {
    const child = this.#up;
    if (child && isRunning(child)) await new Promise((resolve) => child.once('exit', resolve));
  }

  /** Sends a signal to `rekmod up`, that process alone, and waits for its end. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> {
    const child = this.#up;
    if (!child || !isRunning(child)) return null;
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill(signal);
    return await ended;
  }

  /** Lets `rekmod up` live on when this process ends. */
  abandon(): void {
    this.#up?.unref();
  }

  /** The published status. */
  async status(): Promise<StatusReport> {
    const answer = await fetch(`${this.serverUrl}/status/status.json`);
    const report: StatusReport = JSON.parse(await answer.text());
    return report;
  }

  /** The snapshot that clients get, e.g. `000007`. */
  async snapshot(): Promise<string> {
    const link = await readlink(join(this.home, 'repositories', 'kmods', 'current'));
    return basename(link);
  }

  /** Waits until the published status fulfils a condition. */
  async waitFor(
    what: string,
    condition: (report: StatusReport) => boolean,
    timeoutMs: number,
  ): Promise<StatusReport> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const report = await this.status().catch(() => undefined);
      if (report && condition(report)) return report;
      if (Date.now() > deadline) {
        const log = (await readFile(this.upLog, 'utf8')).slice(-3000);
        const cells = report?.cells.map(
          ({ kmod, release, state }) => `${kmod} ${release} ${state}`,
        );
        throw new Error(`waited ${timeoutMs} ms for: ${what}\n${cells?.join('\n')}\n${log}`);
      }
      await delay(300);
    }
  }

  /** Waits until what `rekmod up` printed fulfils a pattern. */
  async waitForLog(pattern: RegExp, timeoutMs = START_TIMEOUT_MS): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const log = await readFile(this.upLog, 'utf8');
      if (pattern.test(log)) return;
      if (Date.now() > deadline) throw new Error(`waited for ${pattern}:\n${log.slice(-3000)}`);
      await delay(100);
    }
  }

  /** Ends everything that runs; the directory stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('SIGTERM');
    await this.mirror.close();
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Removes a world's directory; what builds left there may belong to other users. */
export async function removeWorld(directory: string): Promise<void> {
  await dropNames(join(directory, 'home')).catch(() => undefined);
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

/** Takes away the names that a data directory gave to buildroots; these stay, under the name that all know. */
async function dropNames(home: string): Promise<void> {
  const homeId = (await readFile(join(home, 'home-id'), 'utf8')).trim();
  const argv = ['images', `rekmod/home-${homeId}`, '--format', '{{.Repository}}:{{.Tag}}'];
  const { stdout } = await run('docker', argv);
  const names = stdout.split('\n').filter((name) => name !== '');
  if (names.length > 0) await run('docker', ['rmi', ...names]);
}

/** Finds ports that nobody listens on at this moment. */
export async function findFreePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(
    servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
  );
  return ports;
}

function describeConfig(world: World, options: WorldOptions, ports: readonly number[]): string {
  return [
    '# Written by the lab.',
    ...(options.describe?.(world) ?? describeLab(world, options)),
    `temporal: { port: ${ports[0]}, uiPort: ${ports[1]} }`,
    `server: { port: ${ports[2]} }`,
    ...(options.limits ? ['limits:', ...options.limits.map((line) => `  ${line}`)] : []),
    options.extra ?? '',
    '',
  ].join('\n');
}

function describeLab(world: World, options: WorldOptions): readonly string[] {
  const kmods = options.kmods.map(({ name, spec }) => {
    const loadTest = options.loadTests?.[name] ?? '{ mode: off }';
    return `  ${name}: { spec: ${spec}, streams: [lab], required: true, loadTest: ${loadTest} }`;
  });
  return [
    'streams:',
    '  lab:',
    '    like: lab',
    `    urls: [${world.mirror.url}]`,
    `    poll: ${options.poll ?? '5s'}`,
    `    trust: { gpgKeys: [${world.lab.upstreamKey}], gpgCheck: true, repoGpgCheck: true }`,
    ...(options.gate === undefined ? [] : [`    gate: ${options.gate}`]),
    'targets:',
    `  lab: { like: lab, image: '${world.lab.image}' }`,
    'kmods:',
    ...kmods,
    ...Object.entries(options.moreKmods ?? {}).map(
      ([name, entry]) => `  ${name}: { ${entry}, streams: [lab] }`,
    ),
  ];
}

/** Whether an error is a program's that ended with an exit code. */
export function isCommandError(
  error: unknown,
): error is Error & { code: number; stdout: string; stderr: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'number';
}
