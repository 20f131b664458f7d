import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { openRpm } from '../../activities/rpm-file.ts';
import type {
  BuildBackend,
  BuildInput,
  BuildrootKernel,
  RunControl,
} from '../../containers/backend.ts';
import { createContainerBackend } from '../../containers/container-backend.ts';
import type { ContainerExit, ContainerRequest } from '../../containers/engine.ts';
import { cacheDirectory } from '../../lab/read-lab.ts';
import {
  EngineRefusedError,
  InputUnreadableError,
  PrepareFailedError,
  RegistryUnreachableError,
} from '../../model/engine-errors.ts';
import type { Limits, Target } from '../../model/settings.ts';
import { compareCompilers } from '../../plan/compare-compilers.ts';
import { parseNevra } from '../../rpm/nevra.ts';
import { appendChecks, findRefusal } from '../../rpm/spec-checks.ts';
import { type EngineRig, startDockerRig, startPodmanRig } from '../containers/engine-rig.ts';
import type { Skip } from '../support/serve-podman.ts';

const MEBIBYTE = 1024 ** 2;
const RIGS = [
  ['docker', await startDockerRig()],
  ['podman', await startPodmanRig()],
] as const;

interface Finished {
  readonly exit: ContainerExit;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a shell script in a container as confined as a build's. */
async function runScript(
  rig: EngineRig,
  script: string,
  changes: Partial<ContainerRequest> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Finished> {
  const texts = { stdout: '', stderr: '' };
  const exit = await rig.engine.run(rig.describe(script, changes), {
    onStdout: (chunk) => {
      texts.stdout += Buffer.from(chunk).toString();
    },
    onStderr: (chunk) => {
      texts.stderr += Buffer.from(chunk).toString();
    },
    signal,
  });
  return { exit, ...texts };
}

for (const [name, rig] of RIGS) {
  if ('skip' in rig) {
    test(`${name}: container engine`, { skip: rig.skip }, () => undefined);
    continue;
  }
  after(() => rig.dispose());
  const assertNothingLeft = async (): Promise<void> =>
    assert.deepEqual(await rig.engine.list(rig.labels), []);

  test(`${name}: run() gives exit code, standard output and standard error`, async (context) => {
    const startedAt = performance.now();
    const { exit, stdout, stderr } = await runScript(rig, 'echo out; echo error >&2; exit 7');
    context.diagnostic(`create to removed: ${Math.round(performance.now() - startedAt)} ms`);

    assert.equal(rig.engine.info.kind, name);
    assert.deepEqual([stdout, stderr], ['out\n', 'error\n']);
    assert.deepEqual(exit, {
      exitCode: 7,
      isOutOfMemory: false,
      isTimedOut: false,
      stdoutBytes: 4,
      stderrBytes: 6,
    });
    await assertNothingLeft();
  });

  test(`${name}: run() loses nothing of a large output to a slow reader`, async () => {
    let bytes = 0;
    const exit = await rig.engine.run(
      rig.describe('dd if=/dev/zero bs=64k count=320 2>/dev/null; echo end >&2'),
      {
        onStdout: async (chunk) => {
          bytes += chunk.length;
          if (bytes % 7 === 0) await sleep(1);
        },
        onStderr: () => undefined,
        signal: new AbortController().signal,
      },
    );

    assert.equal(bytes, 20 * MEBIBYTE);
    assert.equal(exit.stdoutBytes, bytes);
  });

  test(`${name}: run() forwards output up to its limit and counts the rest`, async () => {
    const { exit, stdout } = await runScript(rig, 'yes | head -c 100000', {
      stdoutLimitBytes: 1001,
    });

    assert.equal(stdout.length, 1001);
    assert.equal(exit.stdoutBytes, 100_000);
  });

  test(`${name}: run() confines: no root, no capability, no network, no writable file`, async () => {
    const { stdout } = await runScript(
      rig,
      [
        'id -u; id -g; grep -E "Cap(Prm|Eff|Bnd)|NoNewPrivs" /proc/self/status',
        'ls /sys/class/net; ip route; wget -T 2 -q -O- http://10.0.2.2/ 2>/dev/null || echo offline',
        'touch /file 2>/dev/null || echo read-only; touch /builddir/file && echo scratch',
        'echo "echo runs" > /builddir/run; chmod +x /builddir/run; sh /builddir/run',
        'ulimit -n; ulimit -c; df -m /builddir | tail -n 1 | tr -s " " | cut -d " " -f 2',
      ].join('; '),
    );

    const none = '0000000000000000';
    assert.deepEqual(stdout.split('\n'), [
      ...['1000', '1000', `CapPrm:\t${none}`, `CapEff:\t${none}`, `CapBnd:\t${none}`],
      ...['NoNewPrivs:\t1', 'lo', 'offline', 'read-only', 'scratch', 'runs', '4096', '0', '64', ''],
    ]);
  });

  test(`${name}: run() holds the limit of memory, of processes and scratch together`, async () => {
    const memory = { memoryBytes: 32 * MEBIBYTE };
    const process = await runScript(
      rig,
      'dd if=/dev/zero of=/dev/null bs=100M count=1; exit 5',
      memory,
    );
    const scratch = await runScript(
      rig,
      'dd if=/dev/zero of=/builddir/file bs=1M count=60; exit 5',
      memory,
    );

    // Podman with cgroup v1 does not notice, see build-package.sh; the kernel's act is the same.
    for (const { exit, stderr } of [process, scratch]) {
      if (name === 'docker') assert.equal(exit.isOutOfMemory, true);
      assert.match(stderr, /Killed/);
    }
    await assertNothingLeft();
  });

  test(`${name}: run() holds the limit of processes`, async () => {
    const script = 'for i in $(seq 100); do sleep 3 & done; echo all';
    const { exit, stdout, stderr } = await runScript(rig, script, { pids: 20 });

    assert.match(stderr, /can't fork/);
    assert.notEqual(exit.exitCode, 0);
    assert.equal(stdout, '');
  });

  test(`${name}: run() stops at its time, also who ignores SIGTERM`, async () => {
    const scripts = [
      ['trap "exit 143" TERM; sleep 60 & wait', 143],
      ['trap "" TERM; sleep 60', 137],
    ] as const;
    for (const [script, exitCode] of scripts) {
      const { exit } = await runScript(rig, script, { timeoutMs: 500 });

      assert.equal(exit.isTimedOut, true);
      assert.equal(exit.exitCode, exitCode);
    }
    await assertNothingLeft();
  });

  test(`${name}: run() rejects with the reason of its signal and leaves nothing`, async () => {
    const controller = new AbortController();
    const script = 'trap "exit 143" TERM; sleep 60 & wait';
    const run = runScript(rig, script, {}, controller.signal);
    while ((await rig.engine.list(rig.labels)).length === 0) await sleep(20);
    controller.abort(new Error('cancelled'));

    await assert.rejects(run, { message: 'cancelled' });
    await assert.rejects(runScript(rig, 'true', {}, controller.signal), { message: 'cancelled' });
    await assertNothingLeft();
  });

  test(`${name}: run() rejects with what a callback throws and leaves nothing`, async () => {
    const run = rig.engine.run(rig.describe('trap "exit 0" TERM; echo x; sleep 60 & wait'), {
      onStdout: () => Promise.reject(new Error('no thanks')),
      onStderr: () => undefined,
      signal: new AbortController().signal,
    });

    await assert.rejects(run, { message: 'no thanks' });
    await assertNothingLeft();
  });

  test(`${name}: run() leaves nothing when a container cannot start`, async () => {
    const command = { command: ['/no/such/program'] };
    const mounts = { mounts: [{ source: '/no/such/file', target: '/file' }] };

    await assert.rejects(runScript(rig, '', command), EngineRefusedError);
    await assert.rejects(runScript(rig, 'true', mounts), InputUnreadableError);
    await assertNothingLeft();
  });

  test(`${name}: run() makes an image whose containers carry no labels or variables of the old one`, async () => {
    const repository = 'rekmod-test/commit';
    const { imageId } = await rig.engine.run(
      rig.describe('echo kept > /etc/kept', {
        user: '0:0',
        isRootReadOnly: false,
        environment: { PATH: '/bin:/usr/bin', SECRET: 'told' },
      }),
      {
        onStdout: () => undefined,
        onStderr: () => undefined,
        signal: new AbortController().signal,
        commitTo: () => ({ repository, tag: 'e2e', labels: { 'io.rekmod.digest': 'ab' } }),
      },
    );
    assert.ok(imageId !== undefined);
    rig.ownImage(imageId);

    const image = await rig.engine.findImage(`${repository}:e2e`);
    const { stdout } = await runScript(rig, 'cat /etc/kept; echo "[$SECRET]"', {
      image: imageId,
    });

    assert.equal(image?.id, imageId);
    assert.equal(image.labels['io.rekmod.digest'], 'ab');
    assert.equal(image.labels['io.rekmod.test'], '-');
    assert.ok(Math.abs(Date.now() - image.createdAtMs) < 60_000);
    assert.equal(stdout, 'kept\n[]\n');
    assert.equal(await rig.engine.findImage(`${repository}:other`), undefined);
  });

  test(`${name}: pull() takes a registry where nobody listens for a trouble that passes`, async () => {
    const pull = rig.engine.pull('127.0.0.1:9/a', { signal: new AbortController().signal });

    await assert.rejects(pull, (error) => {
      assert.ok(error instanceof RegistryUnreachableError, String(error));
      assert.equal(error.failureClass, 'transient');
      assert.match(error.message, /connection refused/);
      return true;
    });
  });

  test(`${name}: remove() ends a running container, once`, async () => {
    let say: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      say = resolve;
    });
    const run = rig.engine.run(rig.describe('echo up; exec sleep 60'), {
      onStdout: say,
      onStderr: () => undefined,
      signal: new AbortController().signal,
    });
    // What keeps it from running is this test's end, with its reason.
    await Promise.race([started, run]);
    const [{ id } = { id: '' }] = await rig.engine.list(rig.labels);

    assert.equal(await rig.engine.remove(id), true);
    assert.equal(await rig.engine.remove(id), false);
    await run.catch(() => undefined);
    await assertNothingLeft();
  });
}

const LAB = join(cacheDirectory(), 'lab');
const LabImage = z.object({ image: z.string() });
const LabKernels = z.array(z.object({ release: z.string(), rpms: z.array(z.string()) }));
const [DOCKER] = RIGS.map(([, rig]) => rig);

const LAB_LIMITS: Limits = {
  parallelBuilds: 1,
  cpus: 2,
  memoryBytes: 512 * MEBIBYTE,
  scratchBytes: 256 * MEBIBYTE,
  pids: 256,
  buildTimeoutMs: 60_000,
  prepareTimeoutMs: 120_000,
  logBytes: MEBIBYTE,
  outputBytes: MEBIBYTE,
  freeBytes: 0,
  freeInodes: 0,
};

interface Lab {
  readonly rig: EngineRig;
  readonly backend: BuildBackend;
  readonly image: string;
  readonly kernel: BuildrootKernel;
  readonly kmod: BuildInput;
}

/** The lab's image, a kernel and a kmod; or why there is none. */
async function findLab(rig: EngineRig | Skip | undefined): Promise<Lab | string> {
  if (rig === undefined || 'skip' in rig) return 'Docker does not run';
  try {
    const { image } = LabImage.parse(await readJson('builder-image.json'));
    const [kernel] = LabKernels.parse(await readJson('kernels.json'));
    const devel = kernel?.rpms.find((path) => path.includes('-devel-'));
    if (kernel === undefined || devel === undefined) return 'the lab has no kernel';
    if ((await rig.engine.findImage(image)) === undefined) return 'the lab has no builder image';
    return {
      rig,
      image,
      backend: createContainerBackend({ engine: rig.engine, now: Date.now }),
      // Not the real digest, so that no buildroot but the test's own is made or found.
      kernel: {
        release: kernel.release,
        develRpm: devel,
        develSha256: `test ${process.pid}`,
        develNevra: parseNevra(basename(devel, '.rpm')),
      },
      kmod: {
        directory: join(LAB, 'kmods', 'v4l2loopback'),
        spec: 'v4l2loopback-kmod.spec',
        defines: { kernel_version: kernel.release },
      },
    };
  } catch (error) {
    return `the lab is not made: ${String(error).slice(0, 200)}`;
  }
}

async function readJson(name: string): Promise<unknown> {
  return JSON.parse(await readFile(join(LAB, name), 'utf8'));
}

const lab = await findLab(DOCKER);

/** A directory of the test's own that is gone with it. */
async function makeScratch(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'rekmod-e2e-'));
  await chmod(path, 0o755);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function followLog(): RunControl & { text: string } {
  const run = {
    text: '',
    onLog: (chunk: Uint8Array) => {
      run.text += Buffer.from(chunk).toString();
    },
    signal: new AbortController().signal,
  };
  return run;
}

if (typeof lab === 'string') {
  test('lab: real builds', { skip: lab }, () => undefined);
} else {
  const { backend, rig, image, kernel, kmod } = lab;
  const labels = { test: String(process.pid) };
  const target: Target = {
    name: 'lab',
    backend: 'container',
    image,
    arch: 'x86_64',
    packages: ['gcc'],
    repositories: {},
    prepareNetwork: 'none',
    compilerMismatch: 'warn',
  };
  const prepareRequest = { target, kernel, specs: [kmod], limits: LAB_LIMITS, labels };

  test('lab: prepare() and build() make the same real kmod twice, byte by byte', async (context) => {
    const unsatisfiable = { ...kmod, defines: { kernel_version: '1.2.3-4-none' } };
    await using nobody = await makeScratch();
    const text = 'Name: a\nVersion: %(id -u)\nRelease: 1\nBuildRequires: nobody-is-%(id -u)\n';
    await writeFile(join(nobody.path, 'a.spec'), `${text}Summary: a\nLicense: a\n%description\n`);
    const run = followLog();
    const prepared = await backend.prepare(
      {
        ...prepareRequest,
        specs: [kmod, unsatisfiable, { directory: nobody.path, spec: 'a.spec', defines: {} }],
      },
      run,
    );
    rig.ownImage(prepared.id);
    assert.match(run.text, /rekmod: Cannot satisfy the BuildRequires of "v4l2loopback-kmod.spec"/);
    assert.match(run.text, /No matching package to install: 'nobody-is-1000'/);
    // Debian builds its kernels with the compiler that the lab's image has, only by another name.
    assert.ok(prepared.toolchain !== undefined);
    assert.equal(compareCompilers(prepared.toolchain).kind, 'same');
    const again = await backend.prepare(prepareRequest, followLog());
    rig.ownImage(again.id);
    const found = await backend.prepare(prepareRequest, followLog());
    assert.deepEqual(found, { ...again, isReused: true });

    const digests: string[] = [];
    for (const attempt of ['first', 'second']) {
      await using scratch = await makeScratch();
      const startedAt = performance.now();
      const request = { ...kmod, buildroot: prepared, limits: LAB_LIMITS, labels };
      const result = await backend.build(
        { ...request, outputDirectory: scratch.path },
        followLog(),
      );
      context.diagnostic(`${attempt} build: ${Math.round(performance.now() - startedAt)} ms`);
      assert.ok(result.kind === 'succeeded');
      assert.match(result.files[0]?.name ?? '', /^kmod-v4l2loopback-.*\.rpm$/);
      const rpm = await readFile(join(scratch.path, result.files[0]?.name ?? ''));
      assert.equal(rpm.length, result.files[0]?.sizeBytes);
      digests.push(createHash('sha256').update(rpm).digest('hex'));
    }
    assert.equal(digests[0], digests[1]);

    await using scratch = await makeScratch();
    const other = followLog();
    const request = { ...unsatisfiable, buildroot: prepared, limits: LAB_LIMITS, labels };
    const result = await backend.build({ ...request, outputDirectory: scratch.path }, other);
    assert.equal(result.kind === 'failed' && result.why, 'exit');
    assert.match(other.text, /Failed build dependencies/);
    assert.equal(await backend.removeLeftovers(labels), 0);
  });

  test('lab: prepare() refuses a package that nobody has', async () => {
    const packages = ['no-such-package'];
    const refused = { ...prepareRequest, target: { ...target, packages } };

    await assert.rejects(backend.prepare(refused, followLog()), (error) => {
      assert.ok(error instanceof PrepareFailedError);
      assert.equal(error.failureClass, 'configuration');
      assert.match(error.message, /no-such-package/);
      return true;
    });
    assert.equal(await backend.removeLeftovers(labels), 0);
  });

  test('lab: prepare() takes a mirror that does not answer for a trouble that passes', async () => {
    const repositories = { mirror: 'http://127.0.0.1:9/' };
    const request = { ...prepareRequest, target: { ...target, repositories } };

    await assert.rejects(backend.prepare(request, followLog()), (error) => {
      assert.ok(error instanceof PrepareFailedError);
      assert.equal(error.failureClass, 'transient', error.message);
      return true;
    });
  });

  test('lab: build() ends before anything is built for a spec that takes another kernel', async () => {
    await using input = await makeScratch();
    await using output = await makeScratch();
    const defined =
      '%define kversion 5.13\nName: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: a\n';
    const text = `${defined}%description\n%build\necho BUILT\n%files\n%changelog`;
    const checks = [{ macro: 'kversion', expected: kernel.release }];
    await writeFile(join(input.path, 'a.spec'), appendChecks(text, checks));
    const run = followLog();

    const result = await backend.build(
      {
        directory: input.path,
        spec: 'a.spec',
        defines: { kversion: kernel.release },
        buildroot: { id: image, digest: 'none', isReused: true },
        outputDirectory: output.path,
        limits: LAB_LIMITS,
        labels,
      },
      run,
    );

    assert.equal(result.kind === 'failed' && result.why, 'exit', run.text);
    assert.equal(
      findRefusal(run.text),
      `the spec defines kversion itself (line 1): expected ${kernel.release}, found 5.13`,
    );
    assert.doesNotMatch(run.text, /BUILT/);
  });

  test('lab: build() lets a spec write beside its sources, which OpenZFS does', async () => {
    await using input = await makeScratch();
    await using output = await makeScratch();
    const text = [
      'Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: a\nSource1: small\nSource2: large',
      "%(echo 'Provides: written' >%{_sourcedir}/preamble)",
      '%{expand:%(cat %{_sourcedir}/preamble)}',
      '%description\n%install\ninstall -D %{SOURCE1} %{buildroot}/small',
      'install -D %{SOURCE2} %{buildroot}/large\n%files\n/small\n/large\n',
    ];
    await writeFile(join(input.path, 'a.spec'), text.join('\n'));
    await writeFile(join(input.path, 'small'), 'small');
    await writeFile(join(input.path, 'large'), Buffer.alloc(4 * MEBIBYTE));
    const run = followLog();

    const result = await backend.build(
      {
        directory: input.path,
        spec: 'a.spec',
        defines: {},
        buildroot: { id: image, digest: 'none', isReused: true },
        outputDirectory: output.path,
        limits: LAB_LIMITS,
        labels,
      },
      run,
    );

    assert.equal(result.kind, 'succeeded', run.text);
    const [name = ''] = await readdir(output.path);
    const { header } = await openRpm(join(output.path, name));
    assert.ok(header.provides.some((provided) => provided.name === 'written'));
    assert.deepEqual((await readdir(input.path)).sort(), ['a.spec', 'large', 'small']);
  });

  const HOSTILE = [
    ['exit', 'exit 3', ''],
    ['out-of-memory', 'head -c 800M /dev/zero | tail', ''],
    ['output-too-large', 'true', 'head -c 2M /dev/urandom > %{buildroot}/file'],
    ['bad-output', 'echo junk > /proc/1/fd/3', ''],
    ['timeout', 'sleep 60', ''],
  ] as const;

  for (const [why, build, install] of HOSTILE) {
    test(`lab: build() ends by ${why} for a spec that asks for it`, async () => {
      await using input = await makeScratch();
      await using output = await makeScratch();
      const head = 'Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: a\n%description\n';
      const body = `%build\n${build}\n%install\nmkdir -p %{buildroot}\ntouch %{buildroot}/file\n`;
      await writeFile(join(input.path, 'a.spec'), `${head}${body}${install}\n%files\n/file\n`);
      const buildTimeoutMs = why === 'timeout' ? 2000 : LAB_LIMITS.buildTimeoutMs;
      const run = followLog();

      const result = await backend.build(
        {
          directory: input.path,
          spec: 'a.spec',
          defines: {},
          buildroot: { id: image, digest: 'none', isReused: true },
          outputDirectory: output.path,
          limits: { ...LAB_LIMITS, buildTimeoutMs },
          labels,
        },
        run,
      );

      assert.equal(result.kind === 'failed' && result.why, why, run.text);
      assert.deepEqual(await readdir(output.path), []);
      assert.equal(await backend.removeLeftovers(labels), 0);
    });
  }
}
