import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { findProgram } from '../../activities/find-program.ts';
import { openModuleKey, signModule } from '../../activities/module-key.ts';
import { runProgram } from '../../activities/run-program.ts';
import { findSignatureProblem } from '../../activities/verify-module-signature.ts';
import { cacheDirectory } from '../../cli/context.ts';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import { splitModuleSignature } from '../../kabi/module-signature.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import { readFixture } from '../kabi/fixtures.ts';
import { makeModuleKey } from '../support/module-key-rig.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const MODULE = readFixture('modules/acpi_call.ko');
const SIGNED_BY_DEBIAN = readFixture('modules/virtio_dma_buf.ko');
const signal = new AbortController().signal;

async function openScratch(scratch: Scratch) {
  const work = scratch.at('work');
  await mkdir(work);
  return { scratch: work, signal };
}

for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
  test(`signModule() makes a signature of ${hash} that holds for its certificate alone`, async () => {
    await using scratch = await makeScratch();
    await using rig = await makeModuleKey();
    await using other = await makeModuleKey('other');
    const options = await openScratch(scratch);
    const key = await openModuleKey({ ...rig.settings, hash }, options);
    const otherKey = await openModuleKey(other.settings, options);

    const signed = await signModule(key, MODULE, options);

    assert.equal(await findSignatureProblem(signed, key.certificate, signal), undefined);
    const problem = await findSignatureProblem(signed, otherKey.certificate, signal);
    assert.match(
      problem ?? '',
      new RegExp(`^expected a signature by CN=other, found one of ${hash}`),
    );
    assert.deepEqual(readModuleFacts(signed), readModuleFacts(MODULE));
  });
}

test('signModule() makes the very bytes that sign-file of the kernel makes', async (t) => {
  const signFile = await findSignFile();
  if (signFile === undefined) return t.skip('no kernel of the lab is unpacked');
  await using scratch = await makeScratch();
  // Only signatures of RSA are the same each time.
  await using rig = await makeModuleKey('modules', 'rsa');
  const options = await openScratch(scratch);
  const { key, certificate } = rig.settings;
  const byKernel = scratch.at('module.ko');
  await writeFile(byKernel, MODULE);

  await runProgram([signFile, 'sha256', key, certificate, byKernel]);
  const signed = await signModule(await openModuleKey(rig.settings, options), MODULE, options);

  assert.ok(Buffer.from(signed).equals(await readFile(byKernel)));
});

test('signModule() replaces a signature that is there already', async () => {
  await using scratch = await makeScratch();
  await using rig = await makeModuleKey();
  const options = await openScratch(scratch);
  const key = await openModuleKey(rig.settings, options);

  const signed = await signModule(key, SIGNED_BY_DEBIAN, options);

  assert.deepEqual(
    splitModuleSignature(signed)?.content,
    splitModuleSignature(SIGNED_BY_DEBIAN)?.content,
  );
  assert.equal(await findSignatureProblem(signed, key.certificate, signal), undefined);
});

test('findSignatureProblem() names what is wrong with a signature', async () => {
  await using scratch = await makeScratch();
  await using rig = await makeModuleKey();
  const options = await openScratch(scratch);
  const key = await openModuleKey(rig.settings, options);
  const signed = await signModule(key, MODULE, options);
  const changed = new Uint8Array(signed);
  changed[100] = (changed[100] ?? 0) ^ 1;
  const damaged = new Uint8Array(signed);
  damaged[splitModuleSignature(signed)?.content.length ?? 0] = 0x13;

  const find = (bytes: Uint8Array) => findSignatureProblem(bytes, key.certificate, signal);
  assert.equal(await find(MODULE), 'expected a signature by CN=modules, found none');
  assert.match((await find(changed)) ?? '', /found one of sha256 by serial number [0-9a-f]+: /);
  assert.match((await find(damaged)) ?? '', /found a damaged one: /);
  assert.match((await find(SIGNED_BY_DEBIAN)) ?? '', /found one of sha256 by serial number /);
});

test('openModuleKey() refuses a certificate that is not its own', async () => {
  await using scratch = await makeScratch();
  await using rig = await makeModuleKey();
  await using other = await makeModuleKey('other');
  const { certificate } = other.settings;

  await assert.rejects(
    openModuleKey({ ...rig.settings, certificate }, await openScratch(scratch)),
    (error) =>
      error instanceof ContentInvalidError &&
      /expected the key of CN=other, found that of another$/.test(error.message),
  );
});

test('openModuleKey() tells why a token or a file cannot be used', async () => {
  await using scratch = await makeScratch();
  await using rig = await makeModuleKey();
  const options = await openScratch(scratch);
  const noKey = scratch.at('empty.pem');
  await writeFile(noKey, '');

  for (const key of [noKey, 'pkcs11:token=none;object=none']) {
    await assert.rejects(
      openModuleKey({ ...rig.settings, key }, options),
      (error) =>
        error instanceof ContentInvalidError &&
        /expected the key of CN=modules, found [A-Za-z]/.test(error.message) &&
        !error.message.includes('\n'),
    );
  }
});

test('openModuleKey() reads a key with a passphrase by the file that has it', async () => {
  await using scratch = await makeScratch();
  await using rig = await makeModuleKey();
  const options = await openScratch(scratch);
  const [key, passphraseFile] = [scratch.at('encrypted.pem'), scratch.at('passphrase')];
  await writeFile(passphraseFile, 'a passphrase\n');
  const encrypt = ['-topk8', '-in', rig.settings.key, '-out', key];
  await runProgram(['openssl', 'pkcs8', ...encrypt, '-passout', `file:${passphraseFile}`]);

  const opened = await openModuleKey({ ...rig.settings, key, passphraseFile }, options);

  const signed = await signModule(opened, MODULE, options);
  assert.equal(await findSignatureProblem(signed, opened.certificate, signal), undefined);
});

test('openModuleKey() signs with a key that never leaves its token', async (t) => {
  const softhsm = await findProgram('softhsm2-util', process.env.PATH ?? '');
  if (softhsm === undefined) return t.skip('SoftHSM is not installed');
  await using scratch = await makeScratch();
  await using rig = await makeModuleKey();
  const environment = { SOFTHSM2_CONF: scratch.at('softhsm2.conf') };
  await mkdir(scratch.at('tokens'));
  await writeFile(environment.SOFTHSM2_CONF, `directories.tokendir = ${scratch.at('tokens')}\n`);
  await writeFile(scratch.at('pin'), '4321\n');
  const pins = ['--pin', '4321'];
  const token = ['--token', 'rekmod', ...pins];
  const initialize = ['--init-token', '--free', '--label', 'rekmod', '--so-pin', '1234', ...pins];
  await runProgram([softhsm, ...initialize], { env: environment });
  const pkcs8 = scratch.at('pkcs8.pem');
  const convert = ['-topk8', '-nocrypt', '-in', rig.settings.key, '-out', pkcs8];
  await runProgram(['openssl', 'pkcs8', ...convert]);
  const put = ['--import', pkcs8, ...token, '--label', 'modules', '--id', 'a1'];
  await runProgram([softhsm, ...put], { env: environment });
  const options = await openScratch(scratch);

  const key = await openModuleKey(
    {
      ...{ ...rig.settings, environment, passphraseFile: scratch.at('pin') },
      key: 'pkcs11:token=rekmod;object=modules;type=private',
    },
    options,
  );

  const signed = await signModule(key, MODULE, options);
  assert.equal(await findSignatureProblem(signed, key.certificate, signal), undefined);
});

/** Unpacked kernels have their own; see `lab/truth/unpack-kernel.sh`. */
async function findSignFile(): Promise<string | undefined> {
  const kernels = join(cacheDirectory(), 'truth', 'kernels');
  const [release] = await readdir(kernels).catch(() => []);
  return release && join(kernels, release, 'usr/src/kernels', release, 'scripts/sign-file');
}
