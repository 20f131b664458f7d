import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { publishActivities } from '../../activities/publish.ts';
import { readRepository } from '../../activities/repository-metadata.ts';
import { serveSnapshot } from '../../activities/snapshot/serve-snapshot.ts';
import { readCurrentSnapshot } from '../../activities/snapshot/snapshot-place.ts';
import {
  ContentInvalidError,
  NotFoundError,
  StateDamagedError,
} from '../../model/activity-errors.ts';
import { inActivity } from '../support/activity-context.ts';
import { settingsOf } from '../support/data-rig.ts';
import { makeKeyRig, SERVER, startPublishRig, withDnf } from '../support/publish-rig.ts';

const signal = new AbortController().signal;
const A = 'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm';
const B = 'kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm';
const C = 'kernel-devel-6.1.0-54.el9.x86_64.rpm';

const keyRig = await makeKeyRig();
const { key } = keyRig;
after(() => keyRig[Symbol.asyncDispose]());

test('publishPackages() serves a first snapshot that clients can verify', async () => {
  await using repository = await startPublishRig(key);
  const { place, rig } = repository;

  const publication = await repository.publish(await repository.add(A));

  assert.deepEqual(publication, { snapshot: '000001', packageCount: 1 });
  assert.equal(await readlink(join(place.directory, 'current')), 'snapshots/000001');
  const content = await readRepository({
    baseUrl: pathToFileURL(join(place.directory, 'current')).href,
    trust: { gpgKeys: [key.publicKeyFile], repoGpgCheck: true, gpgCheck: true },
    validators: {},
    isWanted: () => true,
    scratch: rig.scratch.path,
    signal,
  });
  assert.equal(content.kind === 'read' && content.packageCount, 1);
  assert.deepEqual(await repository.list('current'), [
    '.packages.json',
    '.snapshot.json',
    'Packages',
    'RPM-GPG-KEY-rekmod',
    'rekmod-kmods.repo',
    'repodata',
  ]);
  assert.equal(
    await readFile(join(place.directory, 'current', 'rekmod-kmods.repo'), 'utf8'),
    `[rekmod-kmods]
name=Kernel modules kept by rekmod (kmods)
baseurl=${SERVER}/repositories/kmods/
enabled=1
gpgcheck=1
repo_gpgcheck=1
pkg_gpgcheck=1
gpgkey=${SERVER}/repositories/kmods/RPM-GPG-KEY-rekmod
`,
  );
  // Where zypper looks for the key of a repository that it was given by URL alone.
  assert.deepEqual(
    await readFile(join(place.directory, 'current', 'repodata', 'repomd.xml.key')),
    await readFile(key.publicKeyFile),
  );
  assert.equal(rig.changeCount(), 1);
});

test('publishPackages() adds to what is served and leaves the old snapshot as it was', async () => {
  await using repository = await startPublishRig(key);
  await repository.publish(await repository.add(A));

  const second = await repository.publish(await repository.add(B), await repository.add(C));

  assert.deepEqual(second, { snapshot: '000002', packageCount: 3 });
  assert.deepEqual(await repository.list('current', 'Packages'), [C, A, B]);
  assert.deepEqual(await repository.list('snapshots'), ['000001', '000002']);
  assert.deepEqual(await repository.list('snapshots', '000001', 'Packages'), [A]);
  const inodes = await Promise.all(
    ['000001', '000002'].map(
      async (snapshot) =>
        (await stat(join(repository.place.directory, 'snapshots', snapshot, 'Packages', A))).ino,
    ),
  );
  assert.equal(inodes[0], inodes[1]);
});

test('publishPackages() writes nothing for what is served already', async () => {
  await using repository = await startPublishRig(key);
  const packages = [await repository.add(A), await repository.add(B)];
  await repository.publish(...packages);

  assert.deepEqual(await repository.publish(...packages), {
    snapshot: '000001',
    packageCount: 2,
  });
  assert.deepEqual(await repository.publish(), { snapshot: '000001', packageCount: 2 });
  assert.deepEqual(await repository.list('snapshots'), ['000001']);
});

test('publishPackages() takes a package that is named twice once', async () => {
  await using repository = await startPublishRig(key);
  const file = await repository.add(A);

  assert.deepEqual(await repository.publish(file, { ...file }), {
    snapshot: '000001',
    packageCount: 1,
  });
});

test('publishPackages() refuses a name that is served with other content', async () => {
  await using repository = await startPublishRig(key);
  await repository.publish(await repository.add(A));

  await assert.rejects(
    repository.publish(await repository.add(B, A)),
    (error) =>
      error instanceof ContentInvalidError &&
      error.message ===
        `Cannot use "${A}": expected a new name, found other content published under the same`,
  );
  assert.deepEqual(await repository.list('snapshots'), ['000001']);
});

test('publishPackages() refuses a name that comes twice with different content', async () => {
  await using repository = await startPublishRig(key);

  await assert.rejects(
    repository.publish(await repository.add(A), await repository.add(B, A)),
    ContentInvalidError,
  );
  assert.equal(await readCurrentSnapshot(repository.place.directory), undefined);
});

test('publishPackages() called twice at once writes one snapshot after the other', async () => {
  await using repository = await startPublishRig(key);
  const files = [await repository.add(A), await repository.add(B)];

  const publications = await Promise.all(files.map((file) => repository.publish(file)));

  assert.deepEqual(
    publications.map(({ snapshot, packageCount }) => [snapshot, packageCount]).sort(),
    [
      ['000001', 1],
      ['000002', 2],
    ],
  );
  assert.deepEqual(await repository.list('current', 'Packages'), [A, B]);
});

test('publishPackages() serves nothing new when a package is gone from the store', async () => {
  await using repository = await startPublishRig(key);
  await repository.publish(await repository.add(A));
  const gone = { ...(await repository.add(B)), sha256: '0'.repeat(64) };

  await assert.rejects(repository.publish(gone), StateDamagedError);

  assert.equal(await readCurrentSnapshot(repository.place.directory), '000001');
  const next = await repository.publish(await repository.add(C));
  assert.deepEqual(next, { snapshot: '000002', packageCount: 2 });
  assert.deepEqual(await repository.list('snapshots'), ['000001', '000002']);
});

test('publishPackages() serves nothing new when a package is no RPM', async () => {
  await using repository = await startPublishRig(key);
  await repository.publish(await repository.add(A));
  const { nevra } = await repository.add(A);
  const junk = { ...(await repository.rig.store.addText('junk')), fileName: 'junk.rpm', nevra };

  await assert.rejects(repository.publish(junk));

  assert.equal(await readCurrentSnapshot(repository.place.directory), '000001');
});

test('publishPackages() does not know a repository that is not configured', async () => {
  await using repository = await startPublishRig(key);
  const { rig } = repository;
  const deps = { ...rig, settings: settingsOf({ repositories: [] }), key, serverUrl: SERVER };

  await assert.rejects(
    inActivity(() => publishActivities(deps).publishPackages({ repository: 'x', packages: [] })),
    NotFoundError,
  );
});

test('publishPackages() removes what a crash left unfinished', async () => {
  await using repository = await startPublishRig(key);
  const draft = join(repository.place.directory, 'drafts', '000001-a', 'tree', 'Packages');
  await mkdir(draft, { recursive: true });
  await writeFile(join(draft, A), 'half');

  const { snapshot } = await repository.publish(await repository.add(A));

  assert.deepEqual(await repository.list('snapshots'), [snapshot]);
  assert.deepEqual(await repository.list(), ['current', 'snapshots']);
});

test('publishPackages() replaces a snapshot that a crash kept from being served', async () => {
  await using repository = await startPublishRig(key);
  const { directory } = repository.place;
  await repository.publish(await repository.add(A));
  const unserved = join(directory, 'snapshots', '000002');
  await cp(join(directory, 'snapshots', '000001'), unserved, { recursive: true });
  await writeFile(join(unserved, 'Packages', 'other.rpm'), '');

  const next = await repository.publish(await repository.add(B));

  assert.deepEqual(next, { snapshot: '000002', packageCount: 2 });
  assert.deepEqual(await repository.list('current', 'Packages'), [A, B]);
});

test('publishPackages() makes its first snapshot anew when a crash kept it from being served', async () => {
  await using repository = await startPublishRig(key);
  const { directory } = repository.place;
  await repository.publish(await repository.add(A));
  await rm(join(directory, 'current'));

  const next = await repository.publish(await repository.add(B));

  assert.deepEqual(next, { snapshot: '000001', packageCount: 1 });
  assert.deepEqual(await repository.list('current', 'Packages'), [B]);
});

test('publishPackages() removes nothing when the link to what was served is lost', async () => {
  await using repository = await startPublishRig(key);
  const { directory } = repository.place;
  await repository.publish(await repository.add(A));
  await repository.publish(await repository.add(B));
  await rm(join(directory, 'current'));

  await assert.rejects(
    repository.publish(await repository.add(C)),
    (error) =>
      error instanceof StateDamagedError &&
      error.message.includes('expected a link to a snapshot such as "snapshots/000002"'),
  );

  assert.deepEqual(await repository.list('snapshots'), ['000001', '000002']);
});

test('publishPackages() goes on from a snapshot of which nothing is remembered', async () => {
  await using repository = await startPublishRig(key);
  const { directory } = repository.place;
  await repository.publish(await repository.add(A), await repository.add(C));
  for (const name of ['.packages.json', '.snapshot.json']) {
    await rm(join(directory, 'snapshots', '000001', name));
  }

  const next = await repository.publish(await repository.add(A), await repository.add(B));

  assert.deepEqual(next, { snapshot: '000002', packageCount: 3 });
  assert.deepEqual(await repository.list('current', 'Packages'), [C, A, B]);
});

test('serveSnapshot() completes a flip that a crash interrupted', async () => {
  await using repository = await startPublishRig(key);
  const { directory } = repository.place;
  await repository.publish(await repository.add(A));
  await writeFile(join(directory, 'current.next'), 'left by a crash');

  await serveSnapshot(directory, '000001');

  assert.equal(await readCurrentSnapshot(directory), '000001');
  assert.deepEqual(await repository.list(), ['current', 'snapshots']);
});

test('publishPackages() works below a path of any characters', async () => {
  await using repository = await startPublishRig(key);
  const { rig } = repository;
  const data = layOutDataDirectory(rig.scratch.at('a #1 & 100% ü? $releasever, x'));
  const deps = { ...rig, data, settings: settingsOf(), key, serverUrl: SERVER, ...withDnf };
  const packages = [await repository.add(A)];

  const publication = await inActivity(() =>
    publishActivities(deps).publishPackages({ repository: 'kmods', packages }),
  );

  assert.deepEqual(publication, { snapshot: '000001', packageCount: 1 });
});
