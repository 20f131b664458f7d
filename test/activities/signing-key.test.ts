import assert from 'node:assert/strict';
import { access, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { closeSigningKey, openSigningKey } from '../../activities/signing-key.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';

test('openSigningKey() makes a key once, also after a crash in the middle of that', async () => {
  await using rig = await makeDataRig();
  const making = join(rig.data.keys, 'gnupg.making');
  await mkdir(making, { recursive: true });
  await writeFile(join(making, 'half'), '');

  const first = await openSigningKey({}, rig.data);
  await closeSigningKey(first);
  const second = await openSigningKey({}, rig.data);
  await closeSigningKey(second);

  assert.match(first.fingerprint, /^[0-9A-F]{40}$/);
  assert.deepEqual(second, first);
  assert.match(
    await readFile(first.publicKeyFile, 'utf8'),
    /^-----BEGIN PGP PUBLIC KEY BLOCK-----/,
  );
  assert.equal((await stat(first.gnupgHome)).mode & 0o777, 0o700);
  await assert.rejects(access(making));
});

test('openSigningKey() takes the only key of a configured home', async () => {
  await using rig = await makeDataRig();
  await using signer = await makeGpgRig();

  const key = await openSigningKey({ gnupgHome: signer.home }, rig.data);

  assert.equal(key.gnupgHome, signer.home);
  await assert.rejects(access(join(rig.data.keys, 'gnupg')));
});

test('openSigningKey() refuses a home without a key', async () => {
  await using rig = await makeDataRig();
  const gnupgHome = rig.scratch.at('empty');
  await mkdir(gnupgHome, { mode: 0o700 });

  await assert.rejects(
    openSigningKey({ gnupgHome }, rig.data),
    (error) =>
      error instanceof ContentInvalidError &&
      /expected one secret key, found 0; name one with "signing\.keyId"$/.test(error.message),
  );
});
