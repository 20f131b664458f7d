import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import {
  type KeyDatabase,
  makeKeyDatabase,
  verifyDetached,
  verifyRpm,
} from '../../activities/verify-signature.ts';
import { SignatureRefusedError } from '../../model/activity-errors.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const signal = new AbortController().signal;
const UNSIGNED = fixturePath('rpms/kernel-devel-6.1.0-54.el9.x86_64.rpm');

const scratch = await makeScratch();
const [signer, other] = [await makeGpgRig(), await makeGpgRig()];
after(async () => {
  for (const rig of [signer, other, scratch]) await rig[Symbol.asyncDispose]();
});
const signed = scratch.at('signed.rpm');
await cp(UNSIGNED, signed);
await signer.signRpm(signed);

async function databaseOf(name: string, keyFiles: readonly string[]): Promise<KeyDatabase> {
  await mkdir(scratch.at(name));
  return await makeKeyDatabase(scratch.at(name), keyFiles);
}

const keys = await databaseOf('keys', [signer.publicKeyFile]);

/** Changes a byte, counted from the end if negative. */
async function tamper(target: Scratch, at: number): Promise<string> {
  const bytes = await readFile(signed);
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  await writeFile(target.at('tampered.rpm'), bytes);
  return target.at('tampered.rpm');
}

async function assertRefused(rpm: string, database: KeyDatabase, reason: RegExp): Promise<void> {
  await assert.rejects(verifyRpm('a.rpm', rpm, { keys: database, signal }), (error) => {
    assert.ok(error instanceof SignatureRefusedError, String(error));
    assert.match(
      error.message,
      /^Cannot accept "a\.rpm": expected a good signature by a configured/,
    );
    assert.match(error.message, reason);
    return true;
  });
}

test('verifyRpm() accepts a package that a configured key signed', async () => {
  await verifyRpm('a.rpm', signed, { keys, signal });
  const both = await databaseOf('both', [other.publicKeyFile, signer.publicKeyFile]);
  await verifyRpm('a.rpm', signed, { keys: both, signal });
});

test('verifyRpm() refuses a package that nobody signed, though its digests are good', async () => {
  await assertRefused(UNSIGNED, keys, /no good signature/);
});

test('verifyRpm() refuses a package that another key signed', async () => {
  await assertRefused(signed, await databaseOf('other', [other.publicKeyFile]), /NOKEY/);
  await assertRefused(fixturePath('rpms/signed.rpm'), keys, /NOKEY/);
});

test('verifyRpm() refuses a package that was changed after it was signed', async () => {
  for (const at of [-1, -200]) {
    await using target = await makeScratch();
    await assertRefused(await tamper(target, at), keys, /BAD|NOT OK/);
  }
});

test('verifyRpm() refuses what is no package', async () => {
  await using target = await makeScratch();
  await writeFile(target.at('junk.rpm'), 'junk');

  await assertRefused(target.at('junk.rpm'), keys, /junk\.rpm/);
});

const CONTENT = Buffer.from('repomd');
const KEY_FILES: readonly [what: string, make: () => Promise<string | Uint8Array>][] = [
  ['an armored key', () => readFile(signer.publicKeyFile)],
  ['a binary key', () => readFile(signer.binaryKeyFile)],
  [
    'lines as Windows ends them',
    async () => (await readFile(signer.publicKeyFile, 'utf8')).replaceAll('\n', '\r\n'),
  ],
  [
    'headers and a text around the armor',
    async () =>
      `Our key - the new one:\n${(await readFile(signer.publicKeyFile, 'utf8')).replace(
        /\n\n/,
        '\nVersion: GnuPG v2\nComment: x - y\n\n',
      )}\nend\n`,
  ],
  [
    'two armored keys',
    async () =>
      `${await readFile(other.publicKeyFile, 'utf8')}${await readFile(signer.publicKeyFile, 'utf8')}`,
  ],
];

for (const [what, make] of KEY_FILES) {
  test(`verifyDetached() reads a key file with ${what}`, async () => {
    await using target = await makeScratch();
    await writeFile(target.at('key'), await make());
    const signature = await signer.sign(CONTENT);
    const options = { signature, keyFiles: [target.at('key')], scratch: target.path, signal };

    await verifyDetached('repomd.xml', CONTENT, options);
    await assert.rejects(
      verifyDetached('repomd.xml', Buffer.from('other'), options),
      SignatureRefusedError,
    );
  });
}

test('verifyDetached() refuses every signature when there is no key, or none that can be read', async () => {
  const signature = await signer.sign(CONTENT);
  await writeFile(scratch.at('no-key'), 'not a key');
  for (const keyFiles of [[], [scratch.at('no-key')]]) {
    await assert.rejects(
      verifyDetached('repomd.xml', CONTENT, { signature, keyFiles, scratch: scratch.path, signal }),
      SignatureRefusedError,
    );
  }
});
