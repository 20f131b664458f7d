import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { loadSettings } from '../../config/load-settings.ts';
import { ConfigError } from '../../model/config-errors.ts';
import type { SigningSettings } from '../../model/settings.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

async function loadSigning(
  scratch: Scratch,
  ...lines: readonly string[]
): Promise<SigningSettings> {
  const file = scratch.at('rekmod.yaml');
  await writeFile(file, ['signing:', ...lines.map((line) => `  ${line}`), ''].join('\n'));
  return (await loadSettings(file)).signing;
}

async function makeFiles(scratch: Scratch, ...names: readonly string[]): Promise<void> {
  for (const name of names) await writeFile(scratch.at(name), '');
}

test('loadSettings() leaves modules as built and starts the signer where nothing is said', async () => {
  await using scratch = await makeScratch();

  assert.deepEqual(await loadSigning(scratch, '{}'), { otherKeys: [], process: 'own' });
});

test('loadSettings() finds keys beside the file and fills in the hash', async () => {
  await using scratch = await makeScratch();
  await makeFiles(scratch, 'key.pem', 'new.pem', 'old.pem', 'old.asc');

  const signing = await loadSigning(
    scratch,
    'otherKeys: [{ publicKey: old.asc, until: 2027-06-30 }]',
    'modules:',
    '  key: key.pem',
    '  certificate: new.pem',
    '  otherCertificates: [{ certificate: old.pem }]',
  );

  assert.deepEqual(signing, {
    otherKeys: [{ publicKey: scratch.at('old.asc'), until: '2027-06-30' }],
    modules: {
      ...{ key: scratch.at('key.pem'), certificate: scratch.at('new.pem'), hash: 'sha256' },
      ...{ environment: {}, otherCertificates: [{ certificate: scratch.at('old.pem') }] },
    },
    process: 'own',
  });
});

test('loadSettings() takes the URI of a token as it is', async () => {
  await using scratch = await makeScratch();
  await makeFiles(scratch, 'new.pem', 'pin');
  const uri = 'pkcs11:token=hsm;object=modules';

  const signing = await loadSigning(
    scratch,
    `modules: { key: '${uri}', certificate: new.pem, passphraseFile: pin }`,
  );

  assert.equal(signing.modules?.key, uri);
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ["modules: { key: 'pkcs11:token=hsm?pin-value=1234', certificate: new.pem }", /without a PIN/],
  ['modules: { key: key.pem, certificate: new.pem, hash: md5 }', /"sha256", "sha384" or "sha512"/],
  ['modules: { key: key.pem, certificate: gone.pem }', /missing file ".*gone\.pem"/],
  ['modules: { key: gone.key, certificate: new.pem }', /missing file ".*gone\.key"/],
  [
    'modules: { key: key.pem, certificate: new.pem, environment: { LD_PRELOAD: x } }',
    /name of an environment variable/,
  ],
  ['otherKeys: [{ publicKey: new.pem, until: 2027-02-31 }]', /a date such as/],
  ['otherKeys: [{ publicKey: gone.asc }]', /missing file ".*gone\.asc"/],
];
for (const [line, message] of WRONG) {
  test(`loadSettings() refuses ${line}`, async () => {
    await using scratch = await makeScratch();
    await makeFiles(scratch, 'key.pem', 'new.pem');

    await assert.rejects(
      loadSigning(scratch, line),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test('loadSettings() does not look for the secrets of a signer that is somebody else', async () => {
  await using scratch = await makeScratch();
  await makeFiles(scratch, 'new.pem');

  const signing = await loadSigning(
    scratch,
    'process: separate',
    'gnupgHome: hidden',
    'modules: { key: hidden.key, certificate: new.pem, passphraseFile: hidden.pass }',
  );

  assert.equal(signing.gnupgHome, scratch.at('hidden'));
});
