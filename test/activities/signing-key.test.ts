import assert from 'node:assert/strict';
import { access, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { isFile } from '../../activities/location.ts';
import { runProgram } from '../../activities/run-program.ts';
import { closeSigningKey, openSigningKey } from '../../activities/signing-key.ts';
import { verifyDetached, verifyRpm } from '../../activities/verify-signature.ts';
import {
  ContentInvalidError,
  ProgramFailedError,
  SignatureRefusedError,
} from '../../model/activity-errors.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';

const PACKAGE = 'kmod-demo-1.0~rc1-1.gzdio.x86_64.rpm';

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
  assert.equal(JSON.stringify(second), JSON.stringify(first));
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

test('closeSigningKey() ends its own agent, and leaves that of somebody else alone', async () => {
  await using rig = await makeDataRig();
  await using signer = await makeGpgRig();
  const agent = ['gpg-connect-agent', '--homedir', signer.home, '--no-autostart', '/bye'] as const;

  const key = await openSigningKey({ gnupgHome: signer.home }, rig.data);
  await closeSigningKey(key);

  assert.doesNotMatch((await runProgram(agent)).stderr, /no (?:running )?gpg-agent/);
});

test('openSigningKey() gives clients all keys, and signs by the first alone', async () => {
  await using rig = await makeDataRig();
  await using former = await makeGpgRig();
  await using current = await makeGpgRig();
  const otherKeys = [{ publicKey: former.publicKeyFile }];

  const key = await openSigningKey({ gnupgHome: current.home, otherKeys }, rig.data);

  const blocks = (await readFile(key.publicKeyFile, 'utf8')).match(/BEGIN PGP PUBLIC KEY/g);
  assert.equal(blocks?.length, 2);
  const [byFormer, byCurrent] = [rig.scratch.at('former.rpm'), rig.scratch.at('current.rpm')];
  for (const [signer, path] of [[former, byFormer] as const, [current, byCurrent] as const]) {
    await copyFile(fixturePath(`rpms/${PACKAGE}`), path);
    await signer.signRpm(path);
  }
  const options = { keys: key.publicKeys, signal: new AbortController().signal };
  await verifyRpm(PACKAGE, byCurrent, options);
  await assert.rejects(verifyRpm(PACKAGE, byFormer, options), SignatureRefusedError);
});

test('openSigningKey() refuses a key for clients that they could not import', async () => {
  await using rig = await makeDataRig();
  await using former = await makeGpgRig();

  await assert.rejects(
    openSigningKey(
      { gnupgHome: former.home, otherKeys: [{ publicKey: former.binaryKeyFile }] },
      rig.data,
    ),
    /expected an ASCII-armored public key, found other content$/,
  );
});

test('openSigningKey() signs by the agent of a home whose passphrase it never learns', async (t) => {
  const preset = '/usr/lib/gnupg/gpg-preset-passphrase';
  if (!(await isFile(preset))) return t.skip('gpg-preset-passphrase is not installed');
  await using rig = await makeDataRig();
  const home = rig.scratch.at('user');
  await mkdir(home, { mode: 0o700 });
  await writeFile(join(home, 'gpg-agent.conf'), 'allow-preset-passphrase\n');
  const gpg = ['gpg', '--homedir', home, '--batch', '--pinentry-mode', 'loopback'] as const;
  const make = ['--passphrase', 'secret', '--quick-generate-key', 'user', 'ed25519', 'sign'];
  await runProgram([...gpg, ...make, 'never']);
  await runProgram(['gpgconf', '--homedir', home, '--kill', 'all']);
  const key = await openSigningKey({ gnupgHome: home }, rig.data);
  const files = { path: rig.scratch.at('content'), signature: rig.scratch.at('signature') };
  await writeFile(files.path, 'content');
  const { signal } = new AbortController();

  await assert.rejects(key.signDetached(files, signal), ProgramFailedError);
  const [name = ''] = await readdir(join(home, 'private-keys-v1.d'));
  const grip = name.replace('.key', '');
  await runProgram([preset, '--preset', grip], { stdin: 'secret\n', env: { GNUPGHOME: home } });
  await key.signDetached(files, signal);

  await verifyDetached('content', await readFile(files.path), {
    ...{
      signature: await readFile(files.signature),
      keyFiles: [key.publicKeyFile],
      scratch: home,
      signal,
    },
  });
  await runProgram(['gpgconf', '--homedir', home, '--kill', 'all']);
});
