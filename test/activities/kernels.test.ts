import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { kernelActivities } from '../../activities/kernels.ts';
import {
  ContentInvalidError,
  ContentMismatchError,
  SignatureRefusedError,
} from '../../model/activity-errors.ts';
import type { Kernel, KernelOffer, RepositoryPackage } from '../../model/kernel.ts';
import type { Stream } from '../../model/settings.ts';
import { readFixture } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, NOW, settingsOf, streamOf } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { serveFiles, startHttpRig } from '../support/http-rig.ts';

const DEVEL = 'kernel-devel-6.1.0-54.el9.x86_64.rpm';
const RELEASE = '6.1.0-54.el9.x86_64';
const EVR = { epoch: 0, version: '6.1.0', release: '54.el9' };

function packageOf(name: string, location: string, bytes: Uint8Array): RepositoryPackage {
  const value = createHash('sha256').update(bytes).digest('hex');
  return {
    name,
    arch: 'x86_64',
    ...EVR,
    location,
    checksum: { type: 'sha256', value },
    sizeBytes: bytes.byteLength,
    buildTimeSeconds: 0,
  };
}

/** Stores the fixture's kernel, served over HTTP, and counts requests. */
async function store(
  rig: DataRig,
  changes: {
    readonly devel?: Partial<RepositoryPackage>;
    readonly stream?: Partial<Stream>;
    readonly fixture?: string;
    readonly modules?: readonly RepositoryPackage[];
  } = {},
): Promise<{ readonly kernel: Kernel; readonly requestCount: number }> {
  const bytes = readFixture(`rpms/${changes.fixture ?? DEVEL}`);
  await using server = await startHttpRig(serveFiles(new Map([[`/${DEVEL}`, bytes]])));
  const settings = settingsOf({ streams: [streamOf(changes.stream)] });
  const { storeKernel } = kernelActivities({ ...rig, settings });
  const devel = packageOf('kernel-devel', `${server.url}/${DEVEL}`, bytes);
  const offer: KernelOffer = {
    stream: 'lab',
    arch: 'x86_64',
    flavour: 'default',
    evr: EVR,
    core: packageOf('kernel-core', '', bytes),
    ...(changes.modules ? { modules: changes.modules } : {}),
    devel: { ...devel, ...changes.devel },
  };
  const kernel = await inActivity(() => storeKernel({ offer }));
  return { kernel, requestCount: server.requests.length };
}

test('storeKernel() remembers where image and modules are, and fetches neither', async () => {
  await using rig = await makeDataRig();
  const modules = [packageOf('kernel-modules', 'kernel-modules.rpm', new Uint8Array())];

  const { kernel, requestCount } = await store(rig, { modules });

  assert.deepEqual(
    kernel.image?.packages.map(({ name }) => name),
    ['kernel-core', 'kernel-modules'],
  );
  assert.equal(requestCount, 1);
});

test('storeKernel() takes the build tree into the store and reads release and kABI', async () => {
  await using rig = await makeDataRig();

  const { kernel } = await store(rig);

  assert.deepEqual(
    [kernel.stream, kernel.release, kernel.arch, kernel.evr, kernel.foundAt],
    ['lab', RELEASE, 'x86_64', EVR, NOW],
  );
  assert.equal(kernel.symvers.symbolCount, 60);
  assert.deepEqual(kernel.vermagicFlags, ['SMP', 'preempt', 'mod_unload', 'modversions']);
  assert.match(
    await readFile(await rig.store.require(kernel.symvers), 'utf8'),
    /^0x[0-9a-f]{8}\t\w+\tvmlinux\t/,
  );
  assert.deepEqual(kernel.devel.nevra, { name: 'kernel-devel', arch: 'x86_64', ...EVR });
  await rig.store.require(kernel.devel);
  assert.deepEqual(await rig.records.readKernel({ stream: 'lab', release: RELEASE }), kernel);
  assert.equal(rig.changeCount(), 1);
});

test('storeKernel() fetches a kernel once, and leaves its record as it is', async () => {
  await using rig = await makeDataRig();
  const first = await store(rig);

  const second = await store({ ...rig, now: () => new Date(0) });

  assert.deepEqual([first.requestCount, second.requestCount], [1, 0]);
  assert.deepEqual(second.kernel, first.kernel);
  assert.equal(rig.changeCount(), 1);
});

async function assertNothingKept(rig: DataRig): Promise<void> {
  assert.deepEqual(await rig.records.listKernels('lab'), []);
  assert.equal(rig.changeCount(), 0);
}

test('storeKernel() keeps nothing of a package that is not what the metadata promises', async () => {
  const lies: readonly Partial<RepositoryPackage>[] = [
    { checksum: { type: 'sha256', value: '0'.repeat(64) } },
    { sizeBytes: 7 },
    { checksum: { type: 'md5', value: '0'.repeat(32) } },
  ];
  for (const devel of lies) {
    await using rig = await makeDataRig();

    await assert.rejects(store(rig, { devel }), ContentMismatchError);

    await assertNothingKept(rig);
    assert.deepEqual(await readdir(rig.data.store), ['incoming']);
    assert.deepEqual(await readdir(`${rig.data.store}/incoming`), []);
  }
});

test('storeKernel() says that a mirror lost the package, which may come back', async () => {
  await using rig = await makeDataRig();
  await using server = await startHttpRig(serveFiles(new Map()));

  await assert.rejects(
    store(rig, { devel: { location: `${server.url}/none.rpm` } }),
    (error) => error instanceof ContentMismatchError && /none\.rpm/.test(error.message),
  );
});

test('storeKernel() refuses a package that is no build tree', async () => {
  await using rig = await makeDataRig();

  await assert.rejects(
    store(rig, { fixture: 'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm' }),
    (error) =>
      error instanceof ContentInvalidError &&
      /expected one kernel release in its paths, found none or several$/.test(error.message),
  );
  await assertNothingKept(rig);
});

test('storeKernel() refuses a package without a signature of a configured key', async () => {
  await using signer = await makeGpgRig();
  for (const fixture of [DEVEL, 'signed.rpm']) {
    await using rig = await makeDataRig();
    const trust = { gpgKeys: [signer.publicKeyFile], gpgCheck: true, repoGpgCheck: false };

    await assert.rejects(store(rig, { fixture, stream: { trust } }), SignatureRefusedError);

    await assertNothingKept(rig);
    assert.deepEqual(await readdir(rig.data.scratch), []);
  }
});

test('storeKernel() has everybody see that a listed package cannot be had, until it can', async () => {
  await using rig = await makeDataRig();
  const { records } = rig;
  const look = { lookedAt: NOW, isOk: true, message: '', validators: {}, waitingForDevel: [] };
  await records.writeStream('lab', look);
  const gone = { location: 'http://127.0.0.1:1/kernel-devel.rpm' };

  await assert.rejects(store(rig, { devel: gone }));
  const changes = rig.changeCount();
  await assert.rejects(store(rig, { devel: gone }));

  const { notStored } = (await records.readStream('lab')) ?? {};
  assert.deepEqual(Object.keys(notStored ?? {}), ['6.1.0-54.el9']);
  assert.match(notStored?.['6.1.0-54.el9'] ?? '', /^Cannot fetch "http:.*kernel-devel\.rpm"/);
  assert.equal(rig.changeCount(), changes, 'the same trouble is no news');

  await store(rig);
  assert.deepEqual(await records.readStream('lab'), { ...look, notStored: {} });
});
