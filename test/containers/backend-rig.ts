import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import type {
  BuildBackend,
  BuildRequest,
  BuildrootKernel,
  PrepareRequest,
  RunControl,
} from '../../containers/backend.ts';
import { createContainerBackend } from '../../containers/container-backend.ts';
import type { ContainerTarget, Limits } from '../../model/settings.ts';
import { FakeEngine, type FakeRun } from './fake-engine.ts';

export const LIMITS: Limits = {
  parallelBuilds: 1,
  cpus: 2,
  memoryBytes: 1024 ** 3,
  scratchBytes: 1024 ** 3,
  pids: 256,
  buildTimeoutMs: 60_000,
  prepareTimeoutMs: 60_000,
  logBytes: 1024 ** 2,
  outputBytes: 100_000,
  freeBytes: 0,
  freeInodes: 0,
};

export const TARGET: ContainerTarget = {
  name: 'lab',
  backend: 'container',
  image: 'lab/builder:1',
  arch: 'x86_64',
  packages: ['gcc'],
  repositories: {},
  prepareNetwork: 'none',
  compilerMismatch: 'warn',
};

/** The lab's, whose `uname -r` is no version of an RPM. */
export const KERNEL: BuildrootKernel = {
  release: '6.1.0-54-amd64',
  develRpm: '/store/devel',
  develSha256: 'ab',
  develNevra: {
    name: 'kernel-devel',
    epoch: 0,
    version: '6.1.0',
    release: '54.amd64',
    arch: 'x86_64',
  },
};

const SPEC =
  'Name: a\nVersion: 1\nRelease: 1%{?build}\nBuildRequires: gcc, %{need}\n%build\nmake\n';

/** A backend with a spec and an output directory of a test's own. */
export interface BuildRig extends AsyncDisposable {
  readonly backend: BuildBackend;
  readonly outputDirectory: string;
  readonly specDirectory: string;
  readonly controller: AbortController;
  readonly run: RunControl;
  /** Everything logged so far. */
  log(): string;
  prepareRequest(changes?: Partial<PrepareRequest>): PrepareRequest;
  buildRequest(changes?: Partial<BuildRequest>): BuildRequest;
}

/** A backend over a fake engine. */
export interface BackendRig extends BuildRig {
  readonly engine: FakeEngine;
}

export async function startBackendRig(): Promise<BackendRig> {
  const root = await mkdtemp(join(tmpdir(), 'rekmod-backend-'));
  const specDirectory = join(root, 'spec');
  const outputDirectory = join(root, 'output');
  await mkdir(specDirectory);
  await mkdir(outputDirectory);
  await writeFile(join(specDirectory, 'a.spec'), SPEC);
  await chmod(specDirectory, 0o755);
  const engine = new FakeEngine();
  engine.addImage(TARGET.image);
  engine.addImage('buildroot', { id: 'sha256:buildroot' });
  const chunks: Uint8Array[] = [];
  const controller = new AbortController();
  const spec = { directory: specDirectory, spec: 'a.spec', defines: { need: 'make' } };
  const labels = { home: '/var/lib/rekmod' };
  return {
    engine,
    backend: createContainerBackend({ engine, now: () => engine.nowMs }),
    outputDirectory,
    specDirectory,
    controller,
    run: { onLog: (chunk) => void chunks.push(chunk), signal: controller.signal },
    log: () => Buffer.concat(chunks).toString(),
    prepareRequest: (changes) => ({
      target: TARGET,
      kernel: KERNEL,
      specs: [spec],
      limits: LIMITS,
      labels,
      ...changes,
    }),
    buildRequest: (changes) => ({
      ...spec,
      buildroot: { id: 'sha256:buildroot', digest: 'ab', isReused: false },
      outputDirectory,
      limits: LIMITS,
      labels,
      ...changes,
    }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** Makes a tar of files, each filled with `content`. */
export async function makeTar(
  ...files: readonly {
    readonly name: string;
    readonly content?: string;
    readonly type?: 'symlink';
  }[]
): Promise<Uint8Array> {
  const tar = pack();
  for (const { name, content = 'x', type } of files) {
    if (type === undefined) tar.entry({ name }, content);
    else tar.entry({ name, type, linkname: '/etc/passwd' });
  }
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) if (chunk instanceof Uint8Array) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The runs of a preparation for specs, in order. */
export interface PreparationRuns {
  /** Tells what a spec requires; absent where the buildroot without specs was there already. */
  readonly installation?: FakeRun;
  readonly readings: readonly FakeRun[];
  readonly last: FakeRun;
}

/** Ends the runs of a preparation for specs: installation, a reading for each spec, and their requirements. */
export async function finishPreparation(
  engine: FakeEngine,
  { requirements = 'gcc\n', output = '' } = {},
): Promise<PreparationRuns> {
  const readings: FakeRun[] = [];
  let installation: FakeRun | undefined;
  for (;;) {
    const run = await engine.nextRun();
    if (run.request.mounts.some(({ target }) => target === '/rekmod/requires')) {
      await run.stdout(output);
      run.exit();
      return { ...(installation && { installation }), readings, last: run };
    }
    if (run.request.command.includes('rpmspec')) {
      await run.stdout(requirements);
      readings.push(run);
    } else installation = run;
    run.exit();
  }
}
