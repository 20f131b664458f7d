import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { BuildBackend, Buildroot } from '../../containers/backend.ts';
import type { MockProgram } from '../../containers/mock/find-mock.ts';
import { createMockBackend } from '../../containers/mock/mock-backend.ts';
import {
  makePlace,
  type PreparedRoot,
  placeRoot,
  toBuildrootId,
  writePrepared,
} from '../../containers/mock/root-store.ts';
import type { MockTarget } from '../../model/settings.ts';
import { makeScratch } from '../support/scratch.ts';
import { type BuildRig, KERNEL, LIMITS } from './backend-rig.ts';

export const MOCK_TARGET: MockTarget = {
  name: 'lab',
  backend: 'mock',
  root: 'lab-x86_64',
  isolation: 'nspawn',
  arch: 'x86_64',
  packages: ['gcc', 'make'],
  repositories: {},
  compilerMismatch: 'warn',
};

const STAND_IN = fileURLToPath(new URL('./mock-stand-in.mjs', import.meta.url));
const FACTS = [
  'devel 1',
  'tree /usr/src/kernels/6.1.0-54-amd64',
  'kernel CONFIG_CC_VERSION_TEXT="gcc-12 (Debian) 12.2.0"',
  'compiler gcc (Debian) 12.2.0',
  '',
].join('\n');

const Asked = z.object({
  argv: z.array(z.string()),
  pid: z.number(),
  env: z.record(z.string(), z.string()),
});
const Done = z.object({ done: z.union([z.literal(true), z.object({ pid: z.number() })]) });

/** A start of the stand-in that a test drives. */
export class FakeCall {
  readonly argv: readonly string[];
  readonly pid: number;
  readonly env: Readonly<Record<string, string>>;
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;

  constructor(asked: z.infer<typeof Asked>, socket: Socket, lines: AsyncIterator<string>) {
    this.argv = asked.argv;
    this.pid = asked.pid;
    this.env = asked.env;
    this.#socket = socket;
    this.#lines = lines;
  }

  /** The value of an option, written `--name value` or `--name=value`. */
  option(name: string): string | undefined {
    const joined = this.argv.find((argument) => argument.startsWith(`${name}=`));
    if (joined !== undefined) return joined.slice(name.length + 1);
    const at = this.argv.indexOf(name);
    return at === -1 ? undefined : this.argv[at + 1];
  }

  has(argument: string): boolean {
    return this.argv.includes(argument);
  }

  /** A path in the directory of results. */
  result(name: string): string {
    return join(this.option('--resultdir') ?? '', name);
  }

  /** Lets it do something, and waits until that is done. */
  async tell(action: string, rest: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#socket.write(`${JSON.stringify({ action, ...rest })}\n`);
    const { value } = await this.#lines.next();
    return Done.parse(JSON.parse(String(value))).done;
  }

  async log(name: string, text: string): Promise<void> {
    await this.tell('append', { path: this.result(name), text });
  }

  async print(text: string): Promise<void> {
    await this.tell('print', { text });
  }

  async put(name: string, text: string): Promise<void> {
    await this.tell('write', { path: this.result(name), text });
  }

  /** Ends it as it is. */
  exit(code: number): void {
    this.#socket.write(`${JSON.stringify({ action: 'exit', code })}\n`);
  }

  kill(signal: string): void {
    this.#socket.write(`${JSON.stringify({ action: 'kill', signal })}\n`);
  }

  /** Ends it as mock ends after a success. */
  async succeed(): Promise<void> {
    await this.log('state.log', '2026-11-23 12:00:00,000 - Finish: run\n');
    this.exit(0);
  }

  /** Resolves when it has ended, by itself or by others. */
  async ended(): Promise<void> {
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }
}

/** A mock backend over a stand-in, with a spec and an output directory of its own. */
export interface MockRig extends BuildRig {
  readonly program: MockProgram;
  readonly directory: string;
  callCount(): number;
  /** The next start of mock; waits for it. */
  nextCall(): Promise<FakeCall>;
  /** A backend on the same directory, as after a restart of the worker. */
  restart(): BuildBackend;
}

/** Starts a rig; `changes` describe another machine or user. */
export async function startMockRig(changes: Partial<MockProgram> = {}): Promise<MockRig> {
  const scratch = await makeScratch();
  // mock's unprivileged user must pass through it.
  await chmod(scratch.path, 0o755);
  const calls = await serveCalls(scratch.at('socket'));
  const program = await writeProgram(scratch.at('bin'), scratch.at('socket'), changes);
  await mkdir(program.configDirectory, { recursive: true });
  const stock = "config_opts['root'] = 'lab'\ninclude('templates/lab.tpl')\n";
  await writeFile(join(program.configDirectory, 'lab-x86_64.cfg'), stock);
  const specDirectory = scratch.at('spec');
  const outputDirectory = scratch.at('output');
  await mkdir(specDirectory);
  await mkdir(outputDirectory);
  await chmod(specDirectory, 0o755);
  await writeFile(join(specDirectory, 'a.spec'), 'Name: a\n');
  await writeFile(scratch.at('kernel-devel.rpm'), 'no RPM');
  const directory = scratch.at('mock');
  const restart = (): BuildBackend => createMockBackend({ program, directory, now: Date.now });
  const controller = new AbortController();
  const chunks: Uint8Array[] = [];
  const spec = { directory: specDirectory, spec: 'a.spec', defines: { need: 'make' } };
  const labels = { home: 'h', cell: 'lab/6.1/a' };
  return {
    backend: restart(),
    restart,
    program,
    directory,
    outputDirectory,
    specDirectory,
    controller,
    run: { onLog: (chunk) => void chunks.push(Uint8Array.from(chunk)), signal: controller.signal },
    callCount: calls.count,
    nextCall: calls.next,
    log: () => Buffer.concat(chunks).toString(),
    prepareRequest: (other) => ({
      target: MOCK_TARGET,
      kernel: { ...KERNEL, develRpm: scratch.at('kernel-devel.rpm') },
      specs: [spec],
      limits: LIMITS,
      labels: { home: 'h', kernel: 'lab/6.1' },
      ...other,
    }),
    buildRequest: (other) => ({
      ...spec,
      buildroot: { id: 'mock:rekmod-0000000000000000', digest: 'ab', isReused: false },
      outputDirectory,
      limits: LIMITS,
      labels,
      ...other,
    }),
    async [Symbol.asyncDispose]() {
      await calls.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** Lets mock make a root, and returns the buildroot. */
export async function prepareMock(
  rig: MockRig,
  request = rig.prepareRequest(),
): ReturnType<BuildBackend['prepare']> {
  const prepared = rig.backend.prepare(request, rig.run);
  await answerPreparation(rig);
  return await prepared;
}

/** A root as if mock had made it, which takes no start of mock. */
export async function rememberRoot(
  rig: MockRig,
  isolation: PreparedRoot['isolation'] = 'nspawn',
): Promise<Buildroot> {
  const digest = '0123456789abcdef'.repeat(4);
  const place = placeRoot(join(rig.directory, 'roots'), digest);
  const toolchain = { kernelConfig: [], compilers: [] };
  await makePlace(place);
  await writePrepared(place, { digest, isolation, devel: KERNEL.develNevra, toolchain });
  return { id: toBuildrootId(place), digest, isReused: true, toolchain };
}

/** Answers what a preparation asks of mock. */
export async function answerPreparation(rig: MockRig, facts = FACTS): Promise<void> {
  await (await rig.nextCall()).succeed();
  const asked = await rig.nextCall();
  await asked.print(facts);
  await asked.succeed();
  (await rig.nextCall()).exit(0);
}

/** Answers `--buildsrpm`, and returns the call that rebuilds, just before rpmbuild. */
export async function answerSrpm(rig: MockRig): Promise<FakeCall> {
  const srpm = await rig.nextCall();
  await srpm.put('a-1-1.src.rpm', 'source');
  await srpm.succeed();
  return await rig.nextCall();
}

/** What the plugin buildroot_lock writes when a root holds packages of these releases. */
export function lockOf(...releases: readonly string[]): string {
  const { name, version } = KERNEL.develNevra;
  const rpms = releases.map((release) => ({ name, version, release, arch: 'x86_64' }));
  return JSON.stringify({ version: '1.0.0', buildroot: { rpms }, config: {} });
}

async function writeProgram(
  directory: string,
  socket: string,
  changes: Partial<MockProgram>,
): Promise<MockProgram> {
  await mkdir(directory);
  const path = join(directory, 'mock');
  await writeFile(path, `#!/bin/sh\nexec '${process.execPath}' '${STAND_IN}' '${socket}' "$@"\n`);
  // A root's repository is none of what is tried here.
  const createrepo = join(directory, 'createrepo_c');
  await writeFile(createrepo, '#!/bin/sh\nfor last; do :; done\nmkdir -p "$last/repodata"\n');
  for (const program of [path, createrepo]) await chmod(program, 0o755);
  return {
    path,
    version: '6.7',
    configDirectory: join(directory, 'etc'),
    searchPath: `${directory}:/usr/sbin:/usr/bin:/sbin:/bin`,
    account: { kind: 'usable', uid: 1000, gid: 135, environment: {} },
    isolation: { hasSystemd: true, hasNspawn: true, canUnshareNetwork: false },
    ...changes,
  };
}

interface Calls {
  readonly count: () => number;
  readonly next: () => Promise<FakeCall>;
  readonly close: () => Promise<void>;
}

async function serveCalls(path: string): Promise<Calls> {
  const ready: FakeCall[] = [];
  const waiting: ((call: FakeCall) => void)[] = [];
  const sockets = new Set<Socket>();
  let count = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    void lines.next().then(({ value }) => {
      const call = new FakeCall(Asked.parse(JSON.parse(value)), socket, lines);
      count += 1;
      const resolve = waiting.shift();
      if (resolve === undefined) ready.push(call);
      else resolve(call);
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    count: () => count,
    next: () => {
      const call = ready.shift();
      if (call !== undefined) return Promise.resolve(call);
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
