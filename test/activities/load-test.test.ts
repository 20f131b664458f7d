import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, readdir, readFile, utimes } from 'node:fs/promises';
import test from 'node:test';
import { loadTestActivities } from '../../activities/load-test/load-test.ts';
import {
  ContentMismatchError,
  NotFoundError,
  ProgramFailedError,
  SignatureRefusedError,
} from '../../model/activity-errors.ts';
import type { Kernel, RepositoryPackage } from '../../model/kernel.ts';
import type { LoadTestSettings } from '../../model/kmod.ts';
import type { LoadTestReport } from '../../model/load-test.ts';
import { LoadTestError } from '../../model/load-test-errors.ts';
import type { PlannedCell } from '../../model/plan.ts';
import type { Stream } from '../../model/settings.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, settingsOf, streamOf } from '../support/data-rig.ts';
import { type FakeKernel, readFakeBoots, writeFakeQemu } from '../support/fake-qemu.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { type HttpRig, serveFiles, startHttpRig } from '../support/http-rig.ts';
import { makeModule, writeMadeRpm } from '../support/made-modules.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';
import { cellOf } from '../workflows/cells.ts';

const RELEASE = '6.1.0-55-amd64';
const EVR = { epoch: 0, version: '6.1.0', release: '55' };
const TEST: LoadTestSettings = {
  mode: 'require',
  parameters: {},
  alsoInsert: [],
  acceptNoDevice: true,
  timeoutMs: 2000,
  memoryMiB: 256,
};
const KERNEL_FILES = {
  [`/lib/modules/${RELEASE}/vmlinuz`]: Buffer.from('an image'),
  [`/lib/modules/${RELEASE}/kernel/mc.ko`]: makeModule('name=mc'),
};

// The guest's init is compiled, by the host's own compiler.
const hasCompiler = process.arch === 'x64' && spawnSync('cc', ['--version']).error === undefined;
const OPTIONS = { skip: hasCompiler ? false : 'no C compiler for x86_64 found' };

interface LoadRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly server: HttpRig;
  readonly core: RepositoryPackage;
  /** Stores a package with modules by name, each with what it depends on. */
  addPackage(modules: Readonly<Record<string, string>>): Promise<BuiltRpm>;
  writeKernel(changes?: Partial<Kernel>): Promise<void>;
  run(rpm: BuiltRpm, changes?: Changes): Promise<LoadTestReport>;
  /** Modules with their parameters that each boot was given. */
  boots(): Promise<readonly (readonly string[])[]>;
}

interface BuiltRpm {
  readonly fileName: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

interface Changes {
  readonly loadTest?: Partial<LoadTestSettings>;
  readonly cell?: Partial<PlannedCell>;
  readonly stream?: Partial<Stream>;
  readonly searchPath?: string;
}

/** A kernel behind a mirror and a QEMU, both made. */
async function startLoadRig(fake: Partial<FakeKernel> = {}): Promise<LoadRig> {
  const rig = await makeDataRig();
  const programs = rig.scratch.at('programs');
  await writeFakeQemu(programs, { release: RELEASE, ...fake });
  await writeMadeRpm(rig.scratch.at('core.rpm'), KERNEL_FILES);
  const bytes = await readFile(rig.scratch.at('core.rpm'));
  const files = new Map<string, string | Uint8Array>([['/core.rpm', bytes]]);
  const server = await startHttpRig(serveFiles(files));
  const core: RepositoryPackage = {
    ...{ name: 'kernel-core', arch: 'x86_64', ...EVR, location: `${server.url}/core.rpm` },
    checksum: { type: 'sha256', value: sha256(bytes) },
    sizeBytes: bytes.length,
    buildTimeSeconds: 0,
  };
  addMetadata(files, core);
  let count = 0;
  return {
    rig,
    server,
    core,
    async addPackage(modules) {
      count += 1;
      const fileName = `kmod-${count}.rpm`;
      const entries = Object.entries(modules).map(([name, depends]) => [
        `/lib/modules/${RELEASE}/extra/${name}.ko`,
        makeModule(`name=${name}`, `depends=${depends}`),
      ]);
      await writeMadeRpm(rig.scratch.at(fileName), Object.fromEntries(entries));
      return { fileName, ...(await rig.store.addFile(rig.scratch.at(fileName))) };
    },
    async writeKernel(changes = { image: { packages: [core] } }) {
      await rig.records.writeKernel(
        kernelOf('6.1.0-55', { release: RELEASE, evr: EVR, ...changes }),
      );
    },
    async run(rpm, { loadTest = {}, cell = {}, stream = {}, searchPath } = {}) {
      const kmods = [kmodOf('demo', { loadTest: { ...TEST, ...loadTest } })];
      const streams = [streamOf({ urls: [server.url], ...stream })];
      const path = searchPath ?? `${programs}:${process.env.PATH}`;
      const deps = { ...rig, settings: settingsOf({ kmods, streams }), searchPath: path };
      const { testLoading } = loadTestActivities(deps);
      const packages = [{ ...rpm, nevra: { name: 'kmod-demo', ...EVR, arch: 'x86_64' } }];
      return await inActivity(() => testLoading({ cell: cellOf('demo', RELEASE, cell), packages }));
    },
    boots: () => readFakeBoots(programs),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Metadata of a repository with one package. */
function addMetadata(files: Map<string, string | Uint8Array>, rpm: RepositoryPackage): void {
  const { version, release, sizeBytes } = rpm;
  const primary = `<?xml version="1.0" encoding="UTF-8"?>
<metadata xmlns="http://linux.duke.edu/metadata/common" packages="1"><package type="rpm">
<name>${rpm.name}</name><arch>${rpm.arch}</arch><version epoch="0" ver="${version}" rel="${release}"/>
<checksum type="sha256" pkgid="YES">${rpm.checksum.value}</checksum><time file="0" build="0"/>
<size package="${sizeBytes}" installed="1" archive="1"/><location href="core.rpm"/></package></metadata>`;
  const repomd = `<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="primary">
<checksum type="sha256">${sha256(primary)}</checksum><location href="primary.xml"/>
<size>${Buffer.byteLength(primary)}</size></data></repomd>`;
  files.set('/primary.xml', primary);
  files.set('/repodata/repomd.xml', repomd);
}

test(
  'testLoading() inserts what was built with what it needs, and fetches the kernel once',
  OPTIONS,
  async () => {
    await using load = await startLoadRig();
    await load.writeKernel();
    const rpm = await load.addPackage({ demo: 'mc,demo_common', demo_common: '' });

    const report = await load.run(rpm);
    await load.run(rpm);

    assert.ok(report.kind === 'tested', JSON.stringify(report));
    assert.equal(report.isGood, true);
    assert.deepEqual(
      report.modules.map(({ name }) => name),
      ['demo_common', 'demo'],
    );
    assert.deepEqual(report.helpers, ['mc']);
    assert.deepEqual(await load.boots(), [
      ['mc', 'demo_common', 'demo'],
      ['mc', 'demo_common', 'demo'],
    ]);
    assert.deepEqual(load.server.requests, ['GET /core.rpm']);
    assert.deepEqual(await readdir(load.rig.data.scratch), []);
  },
);

test('testLoading() tells what the kernel refuses', OPTIONS, async () => {
  const log = 'demo: Unknown symbol gone (err -2)';
  await using load = await startLoadRig({ errnos: { demo: 2 }, log });
  await load.writeKernel();

  const report = await load.run(await load.addPackage({ demo: '' }));

  assert.ok(report.kind === 'tested');
  assert.equal(report.isGood, false);
  assert.deepEqual(report.modules, [
    { name: 'demo', load: { kind: 'refused', errno: 'ENOENT', sentences: [log] } },
  ]);
});

test(
  'testLoading() follows the settings: modules, parameters, what is inserted besides, ENODEV',
  OPTIONS,
  async () => {
    await using load = await startLoadRig({ errnos: { demo: 19 } });
    await load.writeKernel();
    const rpm = await load.addPackage({ demo: 'giver', giver: '', unwanted: '' });
    const loadTest = {
      modules: ['demo'],
      parameters: { demo: 'debug=1', giver: 'x=2' },
      alsoInsert: ['mc'],
    };

    const accepting = await load.run(rpm, { loadTest });
    const strict = await load.run(rpm, { loadTest: { ...loadTest, acceptNoDevice: false } });

    assert.deepEqual((await load.boots())[0], ['mc', 'giver x=2', 'demo debug=1']);
    assert.ok(accepting.kind === 'tested' && strict.kind === 'tested');
    assert.deepEqual([accepting.isGood, strict.isGood], [true, false]);
  },
);

test(
  'testLoading() brings the modules of kmods whose symbols are used, also those that are kept',
  OPTIONS,
  async () => {
    await using load = await startLoadRig();
    await load.writeKernel();
    const provider = await load.addPackage({ provider: '' });
    await writeProvider(load, provider);
    const rpm = await load.addPackage({ demo: 'provider' });

    const report = await load.run(rpm, { cell: { needs: ['provider'] } });

    assert.ok(report.kind === 'tested' && report.isGood);
    assert.deepEqual(await load.boots(), [['provider', 'demo']]);
  },
);

/** A provider that was built for the kernel before and is kept for this one. */
async function writeProvider({ rig }: LoadRig, rpm: BuiltRpm): Promise<void> {
  const donor = '6.1.0-54-amd64';
  const modules = { sha256: '0'.repeat(64), sizeBytes: 1, moduleCount: 1 };
  const build = {
    inputDigest: 'i',
    sourceDigest: 's',
    buildNumber: 1,
    durationMs: 1,
    modules,
    attemptLog: 'l',
  };
  const nevra = { name: 'kmod-provider', ...EVR, arch: 'x86_64' };
  const packages = [{ ...rpm, nevra }];
  const published = {
    kind: 'published',
    packages,
    repository: 'kmods',
    snapshot: '1',
    build,
  } as const;
  const shared = {
    stream: 'lab',
    kmod: 'provider',
    arch: 'x86_64',
    updatedAt: '',
    workflowId: '',
    runId: '',
  };
  await rig.records.writeCell({
    ...shared,
    release: donor,
    verdict: { kind: 'rebuild', why: 'never-built' },
    outcome: published,
    lastBuild: published,
  });
  await rig.records.writeCell({
    ...shared,
    release: RELEASE,
    verdict: { kind: 'keep', why: 'compatible', donor, importCount: 1 },
    outcome: { kind: 'kept' },
  });
}

test('testLoading() boots again when a boot says nothing, once', OPTIONS, async () => {
  await using once = await startLoadRig({ deadBoots: 1 });
  await once.writeKernel();
  await using always = await startLoadRig({ deadBoots: 9 });
  await always.writeKernel();

  const lucky = await once.run(await once.addPackage({ demo: '' }));
  const dead = await always.run(await always.addPackage({ demo: '' }));

  assert.ok(lucky.kind === 'tested' && lucky.isGood);
  assert.deepEqual(dead, {
    kind: 'not-tested',
    why: "the kernel did not boot in QEMU: the machine ended by itself without a last word (QEMU's exit code 0)",
  });
  assert.equal((await always.boots()).length, 2);
});

test('testLoading() ends a machine that is silent', OPTIONS, async () => {
  await using load = await startLoadRig({ isSilent: true });
  await load.writeKernel();

  const report = await load.run(await load.addPackage({ demo: '' }), {
    loadTest: { timeoutMs: 700 },
  });

  assert.deepEqual(report, {
    kind: 'not-tested',
    why: 'the kernel did not boot in QEMU: no step ended within 1 s',
  });
  assert.deepEqual(await readdir(load.rig.data.scratch), []);
});

test(
  'testLoading() asks the stream for kernels whose record does not say where they are',
  OPTIONS,
  async () => {
    await using load = await startLoadRig();
    await load.writeKernel({});

    const report = await load.run(await load.addPackage({ demo: '' }));

    assert.ok(report.kind === 'tested' && report.isGood);
    assert.deepEqual(load.server.requests, [
      ...['GET /repodata/repomd.xml', 'GET /primary.xml', 'GET /core.rpm'],
    ]);
  },
);

test('testLoading() says that a stream does not offer the kernel any more', OPTIONS, async () => {
  await using load = await startLoadRig();
  await load.writeKernel({ evr: { ...EVR, release: '1' } });

  await assert.rejects(
    load.run(await load.addPackage({ demo: '' })),
    (error) =>
      error instanceof NotFoundError &&
      /Cannot test modules on kernel "6\.1\.0-55-amd64": expected stream "lab" to offer/.test(
        error.message,
      ),
  );
});

const TROUBLE: readonly [
  what: string,
  changes: { readonly core?: Partial<RepositoryPackage>; readonly run?: Changes },
  error: new (...args: never[]) => Error,
  message: RegExp,
][] = [
  [
    'a kernel package that is gone',
    { core: { location: 'LOCATION/gone.rpm' } },
    ContentMismatchError,
    /expected the package with the kernel image, found none; mirrors delete old kernels$/,
  ],
  [
    'a kernel package that is another',
    { core: { checksum: { type: 'sha256', value: 'ab'.repeat(32) } } },
    ContentMismatchError,
    /expected sha256 abab/,
  ],
  [
    'a missing QEMU',
    { run: { searchPath: '/nowhere' } },
    ProgramFailedError,
    /expected QEMU to be installed/,
  ],
  [
    'a module that the package does not have',
    { run: { loadTest: { modules: ['other'] } } },
    LoadTestError,
    /Cannot test modules: expected module other in the packages, found demo$/,
  ],
  [
    'modules that do not fit into the memory',
    { run: { loadTest: { memoryMiB: 96 } } },
    LoadTestError,
    /for 96 MiB; "loadTest.memory" gives more$/,
  ],
];
for (const [what, { core = {}, run = {} }, error, message] of TROUBLE) {
  test(`testLoading() throws because of ${what}, and leaves nothing`, OPTIONS, async () => {
    await using load = await startLoadRig();
    const location = core.location?.replace('LOCATION', load.server.url) ?? load.core.location;
    await load.writeKernel({ image: { packages: [{ ...load.core, ...core, location }] } });
    const rpm = await load.addPackage({ demo: '' });

    await assert.rejects(load.run(rpm, run), (found) => {
      assert.ok(found instanceof error && message.test(found.message), String(found));
      return true;
    });
    assert.deepEqual(await readdir(load.rig.data.scratch), []);
  });
}

test(
  'testLoading() refuses a kernel that nobody signed, where the stream wants it',
  OPTIONS,
  async () => {
    await using load = await startLoadRig();
    await using gpg = await makeGpgRig();
    await load.writeKernel();
    const trust = { gpgKeys: [gpg.publicKeyFile], gpgCheck: true, repoGpgCheck: false };

    await assert.rejects(
      load.run(await load.addPackage({ demo: '' }), { stream: { trust } }),
      SignatureRefusedError,
    );
  },
);

test(
  'testLoading() keeps the archives of the newest kernels, and those in use',
  OPTIONS,
  async () => {
    await using load = await startLoadRig();
    await load.writeKernel();
    const { data, now } = load.rig;
    const rpm = await load.addPackage({ demo: '' });
    await load.run(rpm);
    const root = `${data.cache}/module-archives/lab`;
    for (const [at, name] of ['a', 'b', 'c', 'd', 'e', 'x.tmp', 'y.tmp'].entries()) {
      const hours = name === 'y.tmp' ? 0 : at + 3;
      await cp(`${root}/${RELEASE}`, `${root}/${name}`, { recursive: true });
      const usedAt = new Date(now().getTime() - hours * 3_600_000);
      await utimes(`${root}/${name}`, usedAt, usedAt);
    }

    await load.run(rpm);

    assert.deepEqual((await readdir(root)).sort(), [RELEASE, 'a', 'b', 'c', 'y.tmp']);
  },
);
