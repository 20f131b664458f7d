import assert from 'node:assert/strict';
import test from 'node:test';
import { ImageMissingError, RegistryUnreachableError } from '../../model/engine-errors.ts';
import { type BackendRig, startBackendRig, TARGET } from './backend-rig.ts';

const REMOTE = 'quay.io/centos/centos:stream9';

async function startEmptyRig(): Promise<BackendRig> {
  const rig = await startBackendRig();
  rig.engine.images.clear();
  return rig;
}

async function prepareFrom(rig: BackendRig, image: string): Promise<unknown> {
  return await rig.backend.prepare(
    rig.prepareRequest({ specs: [], target: { ...TARGET, image } }),
    rig.run,
  );
}

test('prepare() pulls an image that is missing, once, and says so in the log', async () => {
  await using rig = await startEmptyRig();
  rig.engine.answerPull = (reference) => {
    rig.engine.addImage(reference);
    return Promise.resolve({ kind: 'pulled' });
  };

  const prepare = prepareFrom(rig, REMOTE);
  (await rig.engine.nextRun()).exit();
  await prepare;
  await prepareFrom(rig, REMOTE);

  assert.deepEqual(rig.engine.pulls, [REMOTE]);
  assert.match(rig.log(), /^rekmod: pulling the image "quay\.io\/centos\/centos:stream9"$/m);
});

for (const image of [
  'rekmod-lab/builder',
  'lab/builder:1',
  'fedora:44',
  'sha256:0123',
  'a/b.c:1',
]) {
  test(`prepare() asks no registry for "${image}"`, async () => {
    await using rig = await startEmptyRig();

    await assert.rejects(prepareFrom(rig, image), {
      name: 'ImageMissingError',
      message:
        `Cannot use the image "${image}" of the target "lab": expected it in the container ` +
        `engine, found none; run "docker pull ${image}"`,
    });
    assert.deepEqual(rig.engine.pulls, []);
  });
}

for (const image of ['localhost/a', 'localhost:5000/a/b', 'host:80/a', 'example.org/a@sha256:01']) {
  test(`prepare() tells what the registry says of "${image}"`, async () => {
    await using rig = await startEmptyRig();

    await assert.rejects(prepareFrom(rig, image), (error) => {
      assert.ok(error instanceof ImageMissingError);
      assert.ok(error.cause instanceof Error);
      assert.equal(error.cause.message, 'manifest unknown');
      assert.match(
        error.message,
        /found none \(its registry says: manifest unknown\); run "docker/,
      );
      return true;
    });
    assert.deepEqual(rig.engine.pulls, [image]);
  });
}

test('prepare() throws when a pulled image is not there all the same', async () => {
  await using rig = await startEmptyRig();
  rig.engine.answerPull = () => Promise.resolve({ kind: 'pulled' });

  await assert.rejects(prepareFrom(rig, REMOTE), ImageMissingError);
});

test('prepare() passes on that a registry cannot be reached', async () => {
  await using rig = await startEmptyRig();
  rig.engine.answerPull = (reference) =>
    Promise.reject(new RegistryUnreachableError(reference, 'no such host'));

  await assert.rejects(prepareFrom(rig, REMOTE), {
    name: 'RegistryUnreachableError',
    failureClass: 'transient',
  });
});

test('prepare() pulls nothing for a caller that was ended', async () => {
  await using rig = await startEmptyRig();
  rig.controller.abort(new Error('cancelled'));

  await assert.rejects(prepareFrom(rig, REMOTE), { message: 'cancelled' });
  assert.deepEqual(rig.engine.pulls, []);
});
