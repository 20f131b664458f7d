import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { mockEnvironment } from '../../cli/build-backend.ts';
import type { BuildInput, BuildResult, Buildroot, RunControl } from '../../containers/backend.ts';
import { requireMock } from '../../containers/mock/find-mock.ts';
import { createMockBackend } from '../../containers/mock/mock-backend.ts';
import { MockTroubleError } from '../../model/mock-errors.ts';
import type { Limits, MockTarget } from '../../model/settings.ts';
import { compareCompilers } from '../../plan/compare-compilers.ts';
import { parseNevra } from '../../rpm/nevra.ts';

// Run by mock.test.ts, on a machine or in a container where mock is; all that it needs is in these.
const {
  REKMOD_MOCK_WORK = '',
  REKMOD_MOCK_ETC = '',
  REKMOD_MOCK_DEVEL = '',
  REKMOD_MOCK_RELEASE = '',
  REKMOD_MOCK_NEWER = '',
  REKMOD_MOCK_KMOD = '',
} = process.env;

const MEBIBYTE = 1024 ** 2;
const LIMITS: Limits = {
  parallelBuilds: 2,
  cpus: 2,
  memoryBytes: 1024 * MEBIBYTE,
  scratchBytes: 512 * MEBIBYTE,
  pids: 256,
  buildTimeoutMs: 120_000,
  prepareTimeoutMs: 300_000,
  logBytes: 4 * MEBIBYTE,
  outputBytes: 16 * MEBIBYTE,
  freeBytes: 0,
  freeInodes: 0,
};
const TARGET: MockTarget = {
  name: 'lab',
  backend: 'mock',
  root: 'lab-x86_64',
  isolation: 'auto',
  arch: 'x86_64',
  packages: ['gcc', 'make'],
  repositories: {},
  compilerMismatch: 'warn',
};
const LABELS = { home: 'e2e', cell: 'lab/e2e' };
const ROOTS = '/var/lib/mock';

const found = await requireMock(mockEnvironment());
const program = { ...found, configDirectory: REKMOD_MOCK_ETC };
const directory = join(REKMOD_MOCK_WORK, 'mock');
const backend = createMockBackend({ program, directory, now: Date.now });
const develNevra = parseNevra(REKMOD_MOCK_DEVEL.replace(/^.*\/|\.rpm$/g, ''));
const request = {
  target: TARGET,
  kernel: {
    release: REKMOD_MOCK_RELEASE,
    develRpm: REKMOD_MOCK_DEVEL,
    develSha256: 'e2e',
    develNevra,
  },
  specs: [],
  limits: LIMITS,
  labels: { home: 'e2e' },
};
const V4L2LOOPBACK: BuildInput = {
  directory: REKMOD_MOCK_KMOD,
  spec: 'v4l2loopback-kmod.spec',
  defines: { kernel_version: REKMOD_MOCK_RELEASE },
};

let inputCount = 0;

interface Attempt {
  readonly run: RunControl;
  readonly controller: AbortController;
  readonly outputDirectory: string;
  log(): string;
}

async function begin(): Promise<Attempt> {
  inputCount += 1;
  const outputDirectory = join(REKMOD_MOCK_WORK, `output-${inputCount}`);
  await mkdir(outputDirectory);
  const controller = new AbortController();
  const chunks: Uint8Array[] = [];
  const onLog = (chunk: Uint8Array): void => void chunks.push(Uint8Array.from(chunk));
  return {
    controller,
    outputDirectory,
    run: { onLog, signal: controller.signal },
    log: () => Buffer.concat(chunks).toString(),
  };
}

/** A spec without sources whose `%build` is a shell script. */
async function writeSpec(script: string, preamble = ''): Promise<BuildInput> {
  inputCount += 1;
  const own = join(REKMOD_MOCK_WORK, `input-${inputCount}`);
  await mkdir(own);
  await chmod(own, 0o755);
  const head = `Name: a\nVersion: 1\nRelease: 1\nSummary: a\nLicense: a\n${preamble}`;
  const files = '%install\nmkdir -p %{buildroot}\ntouch %{buildroot}/a\n%files\n/a\n';
  const text = `${head}%description\n%build\n${script}\n${files}`;
  await writeFile(join(own, 'a.spec'), text, { mode: 0o644 });
  return { directory: own, spec: 'a.spec', defines: {} };
}

/** Ids of processes that live in a root of mock's. */
async function listInRoots(): Promise<readonly string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const roots = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/root`).catch(() => '')));
  return pids.filter((_, index) => roots[index]?.startsWith(`${ROOTS}/rekmod-`));
}

async function assertNothingLeft(): Promise<void> {
  assert.deepEqual(await listInRoots(), []);
  assert.deepEqual(
    (await readdir(ROOTS)).filter((name) => name.startsWith('rekmod-')),
    [],
  );
  assert.deepEqual(await readdir(join(directory, 'runs')), []);
}

/** Waits until a build says that it is at work, or throws what it says instead. */
async function waitForWork(attempt: Attempt, built: Promise<BuildResult>): Promise<void> {
  let end: string | undefined;
  built.then(
    (result) => {
      end = JSON.stringify(result);
    },
    (error: unknown) => {
      end = String(error);
    },
  );
  while (!attempt.log().includes('\nat work\n')) {
    assert.equal(end, undefined, attempt.log());
    await delay(50);
  }
}

async function prepareOnce(): Promise<Buildroot> {
  return await backend.prepare(request, (await begin()).run);
}

test(`mock ${program.version} at ${program.path}: prepare() makes a root, once`, async (context) => {
  const attempt = await begin();
  const startedAt = performance.now();
  const prepared = await backend.prepare(request, attempt.run).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${attempt.log()}`);
  });
  context.diagnostic(`root made: ${Math.round(performance.now() - startedAt)} ms`);

  assert.equal(prepared.isReused, false);
  assert.equal(
    compareCompilers(prepared.toolchain ?? { kernelConfig: [], compilers: [] }).kind,
    'same',
  );
  assert.deepEqual(await prepareOnce(), { ...prepared, isReused: true });
  await assertNothingLeft();
});

test('mock: build() makes a real kmod, twice the same byte by byte', async (context) => {
  const buildroot = await prepareOnce();
  const rpms: Buffer[] = [];
  for (const which of ['first', 'second']) {
    const attempt = await begin();
    const startedAt = performance.now();
    const { outputDirectory } = attempt;
    const result = await backend.build(
      { ...V4L2LOOPBACK, buildroot, outputDirectory, limits: LIMITS, labels: LABELS },
      attempt.run,
    );
    context.diagnostic(`${which} build: ${Math.round(performance.now() - startedAt)} ms`);
    assert.ok(result.kind === 'succeeded', attempt.log());
    const [file, ...others] = result.files;
    assert.match(file?.name ?? '', /^kmod-v4l2loopback-.*\.x86_64\.rpm$/);
    assert.deepEqual(others, []);
    rpms.push(await readFile(join(outputDirectory, file?.name ?? '')));
  }
  assert.ok(rpms[0] !== undefined && rpms[1] !== undefined && rpms[0].equals(rpms[1]));
  await assertNothingLeft();
});

test('mock: build() sees the verified kernel alone, no network and no privilege', async () => {
  const script = [
    'ls /usr/src/kernels | sed "s/^/kernel: /"',
    'cut -d: -f1 -s /proc/net/dev | sed "s/ //g; s/^/device: /"',
    'echo "user: $(id -u)"',
    'bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>&1 | sed "s/^/connect: /" || true',
  ].join('\n');
  const input = await writeSpec(script, 'BuildRequires: kernel-devel\nBuildRequires: make\n');
  const attempt = await begin();
  const { outputDirectory } = attempt;
  const buildroot = await prepareOnce();
  const result = await backend.build(
    { ...input, buildroot, outputDirectory, limits: LIMITS, labels: LABELS },
    attempt.run,
  );

  const log = attempt.log();
  assert.equal(result.kind, 'succeeded', log);
  // A newer one is in the root's own repository, and mock would take it.
  assert.deepEqual(log.match(/^kernel: .*$/gm), [`kernel: ${REKMOD_MOCK_RELEASE}`]);
  assert.ok(!log.includes(REKMOD_MOCK_NEWER));
  assert.deepEqual(log.match(/^device: .*$/gm), ['device: lo'], log);
  // Not even the machine's loopback: there it would be refused.
  assert.match(log, /^connect: .*unreachable/m);
  assert.match(log, new RegExp(`^user: ${program.account.uid}$`, 'm'));
});

const ENDS = [
  ['exit', 'cc -c no-such-file.c', '', /error: .*no-such-file\.c|no-such-file\.c: No such file/],
  ['exit', 'true', 'Nmae: b\n', /Unknown tag: Nmae/],
  ['exit', 'true', 'BuildRequires: nobody-has-this\n', /nobody-has-this/],
  ['out-of-memory', 'kill -9 $PPID', '', /killed/],
  ['timeout', 'sleep 300', '', /took longer than 5 s/],
  ['output-too-large', 'true', '', /the build's output is refused/],
] as const;

for (const [why, script, preamble, words] of ENDS) {
  test(`mock: build() ends by ${why} for "${script}" with "${preamble.trim()}"`, async () => {
    const input = await writeSpec(script, preamble);
    const attempt = await begin();
    const limits = {
      ...LIMITS,
      ...(why === 'timeout' ? { buildTimeoutMs: 5000 } : {}),
      ...(why === 'output-too-large' ? { outputBytes: 100 } : {}),
    };
    const { outputDirectory } = attempt;
    const buildroot = await prepareOnce();
    const result = await backend.build(
      { ...input, buildroot, outputDirectory, limits, labels: LABELS },
      attempt.run,
    );

    assert.equal(result.kind === 'failed' && result.why, why, attempt.log());
    assert.match(attempt.log(), words);
    assert.deepEqual(await readdir(outputDirectory), []);
    await assertNothingLeft();
  });
}

test('mock: build() leaves no process and no root when it is cancelled', async () => {
  const input = await writeSpec('echo at work; sleep 300');
  const attempt = await begin();
  const { outputDirectory } = attempt;
  const buildroot = await prepareOnce();
  const built = backend.build(
    { ...input, buildroot, outputDirectory, limits: LIMITS, labels: LABELS },
    attempt.run,
  );
  await waitForWork(attempt, built);
  attempt.controller.abort(new Error('cancelled'));

  await assert.rejects(built, { message: 'cancelled' });
  await assertNothingLeft();
});

test('mock: removeLeftovers() ends a build whose mock was killed, with its orphans', async () => {
  const input = await writeSpec('echo at work; sleep 300');
  const attempt = await begin();
  const { outputDirectory } = attempt;
  const buildroot = await prepareOnce();
  const built = backend.build(
    { ...input, buildroot, outputDirectory, limits: LIMITS, labels: LABELS },
    attempt.run,
  );
  built.catch(() => undefined);
  await waitForWork(attempt, built);

  assert.notDeepEqual(await listInRoots(), []);
  assert.equal(await backend.removeLeftovers({ home: 'another' }), 0);
  assert.equal(await backend.removeLeftovers(LABELS), 1);
  await assert.rejects(built, MockTroubleError);
  await assertNothingLeft();
});

test('mock: builds at the same time do not disturb each other', async (context) => {
  const buildroot = await prepareOnce();
  const startedAt = performance.now();
  const results = await Promise.all(
    [1, 2, 3].map(async () => {
      const attempt = await begin();
      const { outputDirectory } = attempt;
      return await backend.build(
        { ...V4L2LOOPBACK, buildroot, outputDirectory, limits: LIMITS, labels: LABELS },
        attempt.run,
      );
    }),
  );
  context.diagnostic(`three builds at once: ${Math.round(performance.now() - startedAt)} ms`);

  assert.deepEqual(
    results.map((result) => result.kind),
    ['succeeded', 'succeeded', 'succeeded'],
  );
  await assertNothingLeft();
});
