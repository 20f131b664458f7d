import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { digestSettings } from '../../activities/remember-look.ts';
import { closeSigningKey, openSigningKey } from '../../activities/signing-key.ts';
import {
  ContentMismatchError,
  LookQuarantinedError,
  SignatureRefusedError,
} from '../../model/activity-errors.ts';
import type { LookedKernel } from '../../model/stream-watch.ts';
import { parseRepomd } from '../../rpm/repomd.ts';
import { inActivity } from '../support/activity-context.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { makeScratch } from '../support/scratch.ts';
import {
  CORE,
  DEVEL,
  type GateRig,
  KMOD,
  MODULES,
  OTHER,
  publishedOf,
  RELEASE,
  startGateRig,
} from './gate-rig.ts';

// One key for all tests: making one takes the longest of all.
const keyScratch = await makeScratch();
const key = await openSigningKey({}, layOutDataDirectory(keyScratch.path));
after(async () => {
  await closeSigningKey(key);
  await keyScratch[Symbol.asyncDispose]();
});

async function serve({ view }: GateRig, ...releases: readonly string[]) {
  return await inActivity(() => view.serveView({ stream: 'lab', releases }));
}

/** Builds and publishes the kmod of the kernel. */
async function publishKmod(gate: GateRig): Promise<void> {
  const file = await gate.add(KMOD);
  await inActivity(() => gate.publish.publishPackages({ repository: 'kmods', packages: [file] }));
  await gate.end(publishedOf(file));
}

async function listNames(gate: GateRig): Promise<readonly string[]> {
  return (await gate.readView()).map(({ name }) => name).sort();
}

function current(gate: GateRig, ...parts: readonly string[]): string {
  return join(gate.rig.data.repositories, 'lab-gated', 'current', ...parts);
}

async function readMetadata(gate: GateRig, type: string): Promise<string> {
  const { files } = parseRepomd(await readFile(current(gate, 'repodata', 'repomd.xml'), 'utf8'));
  const file = files.find((one) => one.type === type);
  assert.ok(file, `no ${type}`);
  return gunzipSync(await readFile(current(gate, file.location))).toString('utf8');
}

test('serveView() lists no kernel that is not let through, and everything else', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE, MODULES, DEVEL, OTHER);
  await publishKmod(gate);

  const served = await serve(gate);

  assert.deepEqual(await listNames(gate), ['kmod-provider']);
  assert.deepEqual(served, { snapshot: '000001', packageCount: 1, releases: [] });
});

test('serveView() lists a kernel with all its packages and its kmods, each where it lies', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE, MODULES, DEVEL, OTHER);
  await publishKmod(gate);
  await serve(gate);

  const { snapshot } = await serve(gate, RELEASE);

  assert.equal(snapshot, '000002');
  const packages = await gate.readView();
  const names = ['kernel-core', 'kernel-devel', 'kernel-modules', 'kmod-demo', 'kmod-provider'];
  assert.deepEqual(packages.map(({ name }) => name).sort(), names);
  for (const { name, location } of packages) {
    const isOurs = location.includes('/lab-gated/current/Packages/');
    assert.equal(isOurs, name === 'kmod-demo', location);
    assert.equal(isOurs || location.includes('/upstream/'), true, location);
  }
});

test('serveView() gives file lists and change logs of exactly what it lists', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE, OTHER);

  await serve(gate);

  for (const type of ['filelists', 'other']) {
    const text = await readMetadata(gate, type);
    assert.match(text, /packages="1"/);
    assert.match(text, /name="kmod-provider"/);
    assert.doesNotMatch(text, /kernel-core/);
  }
});

test('serveView() writes nothing when nothing has changed, and all when upstream has', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE);
  const first = await serve(gate);
  const again = await serve(gate);
  await gate.offer(OTHER);

  const changed = await serve(gate);

  assert.deepEqual(again, first);
  assert.equal(changed.snapshot, '000002');
  assert.deepEqual(await listNames(gate), ['kmod-provider']);
});

test('serveView() shows no kernel whose kmods are not served, and serves what it served', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE, OTHER);
  await serve(gate);
  await gate.end(publishedOf(await gate.add(KMOD)));

  await assert.rejects(serve(gate, RELEASE), (error) => {
    assert.ok(error instanceof ContentMismatchError);
    assert.match(error.message, /expected it to serve kmod-demo-.*found no such packages/);
    return true;
  });
  assert.deepEqual(await listNames(gate), ['kmod-provider']);
});

test('serveView() is not held up by a kernel that is gone upstream, its packages with it', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(OTHER);
  await gate.end(publishedOf(await gate.add(KMOD)));
  await gate.rig.records.writeStream('lab', {
    lookedAt: '2026-11-23T12:00:00.000Z',
    isOk: true,
    message: 'Nothing has changed',
    validators: {},
    waitingForDevel: [],
    goneSince: { [RELEASE]: '2026-10-01T12:00:00.000Z' },
  });

  const view = await serve(gate, RELEASE);

  assert.deepEqual(view.releases, []);
  assert.deepEqual(await listNames(gate), ['kmod-provider']);
});

test('serveView() serves what it served while upstream lost more than a look would believe', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE, MODULES, DEVEL, OTHER);
  await publishKmod(gate);
  await serve(gate, RELEASE);
  const evr = { epoch: 0, version: '6.1.0', release: '54.el9' };
  await accept(gate, [{ flavour: 'default', evr }]);
  await rm(join(gate.upstream, CORE.split('/').at(-1) ?? ''));
  await gate.offer();

  await assert.rejects(serve(gate, RELEASE), (error) => {
    assert.ok(error instanceof LookQuarantinedError);
    assert.match(error.message, /all kernels of flavour "default" vanished: 6\.1\.0-54\.el9/);
    return true;
  });
  assert.ok((await listNames(gate)).includes('kernel-core'));

  await accept(gate, []);
  await serve(gate, RELEASE);

  assert.ok(!(await listNames(gate)).includes('kernel-core'));
});

/** Remembers a look that offered these kernels, and was believed. */
async function accept({ rig, settings }: GateRig, offered: readonly LookedKernel[]): Promise<void> {
  const [stream] = settings.streams;
  assert.ok(stream);
  await rig.records.writeStream(stream.name, {
    lookedAt: '2026-11-23T12:00:00.000Z',
    isOk: true,
    message: 'Nothing has changed',
    validators: {},
    waitingForDevel: [],
    accepted: { settingsDigest: digestSettings(stream), offered, revisions: {} },
  });
}

test('serveView() leaves out advisories of kernels that it hides, and takes modules over', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE, OTHER);
  const update = (id: string, name: string, version: string, release: string): string =>
    `<update type="security"><id>${id}</id><severity>Critical</severity><pkglist><collection>
<package name="${name}" epoch="0" version="${version}" release="${release}" arch="x86_64"/></collection></pkglist></update>`;
  const updates = [
    update('HIDDEN', 'kernel-core', '6.1.0', '54.el9'),
    update('SHOWN', 'kmod-provider', '1.0', '1'),
  ];
  await gate.addMetadata('updateinfo.xml', `<updates>\n${updates.join('\n')}\n</updates>\n`);
  await gate.addMetadata('modules.yaml', '---\ndocument: modulemd\n');
  await serve(gate);
  const hidden = await readMetadata(gate, 'updateinfo');

  await serve(gate, RELEASE);
  const shown = await readMetadata(gate, 'updateinfo');

  assert.ok(hidden.includes(updates[1] ?? '') && !hidden.includes('HIDDEN'));
  assert.ok(shown.includes('SHOWN') && shown.includes('HIDDEN'));
  assert.match(await readMetadata(gate, 'modules'), /document: modulemd/);
});

test('serveView() copies upstream’s packages where it is told so, once', async () => {
  await using gate = await startGateRig(key, { packages: 'mirror' });
  await gate.offer(CORE, OTHER);
  await serve(gate, RELEASE);

  for (const { location, checksum } of await gate.readView()) {
    assert.match(location, /\/lab-gated\/current\/Packages\/upstream-0\//);
    const stored = await gate.rig.store.find(checksum.value);
    const bytes = await readFile(new URL(location));
    assert.equal(bytes.length, stored?.sizeBytes);
  }
});

test('serveView() serves no copy that is not what upstream’s metadata says', async () => {
  await using gate = await startGateRig(key, { packages: 'mirror' });
  await gate.offer(OTHER);
  const path = join(gate.upstream, OTHER.split('/').at(-1) ?? '');
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  await writeFile(path, bytes);

  await assert.rejects(serve(gate), ContentMismatchError);
  await assert.rejects(readFile(current(gate, 'repodata', 'repomd.xml')), /ENOENT/);
});

test('serveView() serves no copy that the vendor has not signed', async () => {
  await using gpg = await makeGpgRig();
  const trust = { gpgKeys: [gpg.publicKeyFile], gpgCheck: true, repoGpgCheck: false };
  await using gate = await startGateRig(key, { packages: 'mirror' }, { trust });
  await gate.offer(OTHER);

  await assert.rejects(serve(gate), SignatureRefusedError);

  await gpg.signRpm(join(gate.upstream, OTHER.split('/').at(-1) ?? ''));
  await gate.offer();
  assert.equal((await serve(gate)).packageCount, 1);
});

test('serveView() refuses upstream’s metadata that is not what it announces', async () => {
  await using gate = await startGateRig(key);
  await gate.offer(CORE);
  const repomd = join(gate.upstream, 'repodata', 'repomd.xml');
  const { files } = parseRepomd(await readFile(repomd, 'utf8'));
  const primary = files.find(({ type }) => type === 'primary');
  await writeFile(join(gate.upstream, primary?.location ?? ''), 'something else');

  await assert.rejects(serve(gate), ContentMismatchError);
});

test('serveView() gives clients the keys of the vendor and its own', async () => {
  const keyFile = keyScratch.at('vendor.asc');
  await writeFile(keyFile, 'a public key');
  const trust = { gpgKeys: [keyFile], gpgCheck: true, repoGpgCheck: false };
  await using gate = await startGateRig(key, {}, { trust });
  await gate.offer(OTHER);

  await serve(gate);

  const repo = await readFile(current(gate, 'rekmod-lab-gated.repo'), 'utf8');
  const base = 'http://127.0.0.1:8470/repositories/lab-gated';
  assert.match(repo, /^gpgcheck=1$/m);
  assert.match(
    repo,
    new RegExp(`^gpgkey=${base}/RPM-GPG-KEY-rekmod ${base}/RPM-GPG-KEY-vendor-1$`, 'm'),
  );
  assert.equal(await readFile(current(gate, 'RPM-GPG-KEY-vendor-1'), 'utf8'), 'a public key');
});
