import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import type { PublishedPackage } from '../../activities/snapshot/decide-publication.ts';
import {
  readSnapshotContent,
  readSnapshotRecord,
} from '../../activities/snapshot/snapshot-records.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import type { SnapshotContent, SnapshotRecord } from '../../model/snapshot.ts';
import { parseRepomd } from '../../rpm/repomd.ts';
import { inActivity } from '../support/activity-context.ts';
import { NOW } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';
import { makeKeyRig, type PublishRig, startPublishRig } from '../support/publish-rig.ts';

const A = 'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm';
const B = 'kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm';
const C = 'kernel-devel-6.1.0-54.el9.x86_64.rpm';
const DAY_MS = 24 * 60 * 60_000;
const RELEASE = '5.14.0-611.el9.x86_64';
const CELL = { stream: 'lab', kmod: 'demo', release: RELEASE };
const BY_ANN = { repository: 'kmods', by: 'ann', why: 'oops' };

const keyRig = await makeKeyRig();
after(() => keyRig[Symbol.asyncDispose]());

async function build(
  repository: PublishRig,
  fixture: string,
  buildNumber: number,
): Promise<PublishedPackage> {
  const file = await repository.add(fixture);
  return { ...file, nevra: { ...file.nevra, release: `1.b${buildNumber}` }, cell: CELL };
}

/** What is remembered of a snapshot. */
async function remember(
  { place }: PublishRig,
  snapshot: string,
): Promise<SnapshotContent & { readonly record: SnapshotRecord | undefined }> {
  const path = join(place.directory, 'snapshots', snapshot);
  return { ...(await readSnapshotContent(path)), record: await readSnapshotRecord(path) };
}

/** The metadata files that a snapshot's `repomd.xml` names. */
async function listMetadata({ place }: PublishRig, snapshot: string): Promise<readonly string[]> {
  const path = join(place.directory, 'snapshots', snapshot, 'repodata', 'repomd.xml');
  return parseRepomd(await readFile(path, 'utf8')).files.map(({ location }) => location);
}

async function isServed({ place }: PublishRig, location: string): Promise<boolean> {
  return await stat(join(place.directory, 'current', location)).then(
    () => true,
    () => false,
  );
}

test('publishPackages() keeps serving what the former repomd.xml named, for the grace', async () => {
  await using repository = await startPublishRig(keyRig.key, { buildCount: 1 });
  await repository.publish(await build(repository, A, 1));
  const old = [...(await listMetadata(repository, '000001')), `Packages/${A}`];

  await repository.publish(await build(repository, B, 2));

  const { packages, lingering } = await remember(repository, '000002');
  assert.deepEqual(
    packages.map(({ fileName }) => fileName),
    [B],
  );
  assert.deepEqual(Object.keys(lingering).sort(), old.toSorted());
  for (const location of old) assert.ok(await isServed(repository, location), location);

  repository.wait(3 * DAY_MS);
  await repository.publish(await repository.add(C));

  for (const location of old) assert.ok(!(await isServed(repository, location)), location);
});

test('publishPackages() serves the statement of a package as long as the package', async () => {
  await using repository = await startPublishRig(keyRig.key, { buildCount: 1 });
  const [statement, signature] = [
    await repository.rig.store.addText('{}'),
    await repository.rig.store.addText('signed'),
  ];
  const stated = { ...(await build(repository, A, 1)), provenance: { statement, signature } };
  const own = [`provenance/${A}.intoto.json`, `provenance/${A}.intoto.json.asc`];

  await repository.publish(stated);
  for (const location of own) assert.ok(await isServed(repository, location), location);
  // It is kept, then replaced, then over.
  await repository.publish(await repository.add(C));
  for (const location of own) assert.ok(await isServed(repository, location), location);
  await repository.publish(await build(repository, B, 2));
  for (const location of own) assert.ok(await isServed(repository, location), location);
  repository.wait(3 * DAY_MS);
  const { tidyRepository } = repository.activities;
  await inActivity(() => tidyRepository({ repository: 'kmods' }));
  for (const location of own) assert.ok(!(await isServed(repository, location)), location);
});

test('publishPackages() lets a file linger from when it was replaced, whatever comes after', async () => {
  await using repository = await startPublishRig(keyRig.key, { buildCount: 1 });
  await repository.publish(await build(repository, A, 1));
  await repository.publish(await build(repository, B, 2));
  repository.wait(2 * DAY_MS);

  await repository.publish(await repository.add(C));

  const { lingering } = await remember(repository, '000003');
  assert.equal(lingering[`Packages/${A}`], NOW);
  assert.equal(Object.values(lingering).filter((since) => since !== NOW).length, 3);
});

test('publishPackages() refuses other content under the name of what lingers', async () => {
  await using repository = await startPublishRig(keyRig.key, { buildCount: 1 });
  await repository.publish(await build(repository, A, 1));
  await repository.publish(await build(repository, B, 2));

  await assert.rejects(
    repository.publish(await repository.add(C, A)),
    /expected a new name, found other content/,
  );
});

test('a snapshot remembers what it changed, why and who read it', async () => {
  await using repository = await startPublishRig(keyRig.key, { buildCount: 1 });
  await repository.publish(await build(repository, A, 1));

  await repository.publish(await build(repository, B, 2));

  assert.deepEqual((await remember(repository, '000002')).record, {
    ...{ schema: 1, snapshot: '000002', writtenAt: NOW, cause: { kind: 'published' } },
    packageCount: 1,
    added: [B],
    removed: [{ fileName: A, why: 'superseded' }],
    checkedBy: ['rekmod'],
  });
});

test('publishPackages() removes the snapshots that need not be kept', async () => {
  await using repository = await startPublishRig(keyRig.key, { snapshotCount: 2 });
  for (const fixture of [A, B, C]) await repository.publish(await repository.add(fixture));

  assert.deepEqual(await repository.list('snapshots'), ['000002', '000003']);
});

test('tidyRepository() drops what was built for a kernel that is gone, then its files', async () => {
  await using repository = await startPublishRig(keyRig.key);
  const { activities, rig } = repository;
  const tidy = () => inActivity(() => activities.tidyRepository({ repository: 'kmods' }));
  await repository.publish(await build(repository, A, 1), await repository.add(C));
  await rig.records.writeKernel(kernelOf('5.14.0-611.el9'));
  const look = { lookedAt: NOW, isOk: true, message: '', validators: {}, waitingForDevel: [] };

  await rig.records.writeStream('lab', look);
  assert.deepEqual(await tidy(), { snapshot: '000001', packageCount: 2 });

  const goneSince = { [RELEASE]: new Date(Date.parse(NOW) - 30 * DAY_MS).toISOString() };
  await rig.records.writeStream('lab', { ...look, goneSince });
  assert.deepEqual(await tidy(), { snapshot: '000002', packageCount: 1 });
  assert.ok(await isServed(repository, `Packages/${A}`));
  assert.deepEqual(await tidy(), { snapshot: '000002', packageCount: 1 });

  repository.wait(3 * DAY_MS);
  assert.deepEqual(await tidy(), { snapshot: '000003', packageCount: 1 });
  assert.ok(!(await isServed(repository, `Packages/${A}`)));
  assert.deepEqual(await tidy(), { snapshot: '000003', packageCount: 1 });
});

test('tidyRepository() has nothing to do before the first publication', async () => {
  await using repository = await startPublishRig(keyRig.key);
  const { activities } = repository;

  const tidied = await inActivity(() => activities.tidyRepository({ repository: 'kmods' }));

  assert.equal(tidied, undefined);
});

test('rollBack() serves what an earlier snapshot listed, and what came since can be fetched', async () => {
  await using repository = await startPublishRig(keyRig.key);
  const { activities } = repository;
  await repository.publish(await repository.add(A));
  await repository.publish(await repository.add(B));
  const newer = [...(await listMetadata(repository, '000002')), `Packages/${B}`];

  const result = await inActivity(() => activities.rollBack({ ...BY_ANN, id: 'one' }));

  assert.deepEqual(result, { snapshot: '000003', packageCount: 1 });
  const { packages, withheld, record } = await remember(repository, '000003');
  assert.deepEqual(
    packages.map(({ fileName }) => fileName),
    [A],
  );
  assert.deepEqual(
    withheld.map(({ fileName, by, why, since }) => [fileName, by, why, since]),
    [[B, 'ann', 'oops', NOW]],
  );
  const { repository: _, ...reason } = BY_ANN;
  assert.deepEqual(record?.cause, { kind: 'rolled-back', to: '000001', ...reason, id: 'one' });
  for (const location of newer) assert.ok(await isServed(repository, location), location);
});

test('rollBack() asked for again by the same request does nothing more', async () => {
  await using repository = await startPublishRig(keyRig.key);
  const { activities } = repository;
  for (const fixture of [A, B, C]) await repository.publish(await repository.add(fixture));

  const once = await inActivity(() => activities.rollBack({ ...BY_ANN, id: 'one' }));
  const again = await inActivity(() => activities.rollBack({ ...BY_ANN, id: 'one' }));
  const further = await inActivity(() => activities.rollBack({ ...BY_ANN, id: 'two' }));

  assert.deepEqual(again, once);
  assert.equal(further.snapshot, '000005');
  assert.deepEqual(await repository.list('current', 'Packages'), [C, A, B].sort());
  assert.equal((await remember(repository, '000005')).packages.length, 1);
});

test('what was rolled back is refused when it comes again, and a higher build is published', async () => {
  await using repository = await startPublishRig(keyRig.key);
  const { activities } = repository;
  await repository.publish(await repository.add(A));
  await repository.publish(await repository.add(B));
  await inActivity(() => activities.rollBack({ ...BY_ANN, id: 'one' }));

  await assert.rejects(
    repository.publish(await repository.add(B)),
    (error) =>
      error instanceof ContentInvalidError &&
      error.message ===
        `Cannot use "${B}": expected a build with a higher number, found one that ann rolled back: oops`,
  );
  assert.deepEqual(await repository.publish(await repository.add(C)), {
    snapshot: '000004',
    packageCount: 2,
  });
});

test('rollBack() refuses a snapshot that is not there, and the served one', async () => {
  await using repository = await startPublishRig(keyRig.key);
  const { activities } = repository;
  const roll = (to?: string) => {
    const request = { ...BY_ANN, id: 'one', ...(to === undefined ? {} : { to }) };
    return inActivity(() => activities.rollBack(request));
  };

  await assert.rejects(roll(), /expected a served snapshot, found none/);
  await repository.publish(await repository.add(A));
  await assert.rejects(roll(), /expected a snapshot to go back to before 000001, found none/);
  await repository.publish(await repository.add(B));
  await assert.rejects(
    roll('000009'),
    (error) =>
      error instanceof NotFoundError &&
      error.message ===
        'Cannot roll back "kmods": expected one of its snapshots (000001), found "000009"',
  );
  await assert.rejects(roll('000002'), /expected another snapshot than the served one, found/);
  assert.deepEqual(await repository.list('snapshots'), ['000001', '000002']);
});
