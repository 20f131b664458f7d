import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import test from 'node:test';
import { readModuleCertificate } from '../../activities/module-key.ts';
import { announceKeys, dropRetired, readPublicKeys } from '../../activities/public-keys.ts';
import { openSigningKey } from '../../activities/signing-key.ts';
import type { SigningSettings } from '../../model/settings.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { makeModuleKey } from '../support/module-key-rig.ts';

test('readPublicKeys() gives what the signer announced, and nothing before', async () => {
  await using rig = await makeDataRig();
  await using gpg = await makeGpgRig();
  await using modules = await makeModuleKey();
  await using former = await makeModuleKey('former');
  const otherCertificates = [{ certificate: former.settings.certificate }];
  const signing: SigningSettings = {
    ...{ gnupgHome: gpg.home, otherKeys: [], process: 'own' },
    modules: { ...modules.settings, otherCertificates },
  };
  assert.equal(await readPublicKeys(rig.data), undefined);

  const key = await openSigningKey(signing, rig.data);
  await announceKeys(key, signing, rig.data);
  const keys = await readPublicKeys(rig.data);

  assert.equal(keys?.fingerprint, key.fingerprint);
  assert.equal(keys.publicKeyFile, key.publicKeyFile);
  assert.equal(keys.moduleCertificate?.subject, 'CN=modules');
  const { fingerprint, der } = await readModuleCertificate(former.settings.certificate);
  const names = keys.clientFiles.map((file) => basename(file));
  const formerName = `rekmod-modules-${fingerprint.slice(0, 16).toLowerCase()}.der`;
  assert.deepEqual(names, ['RPM-GPG-KEY-rekmod', 'rekmod-modules.der', formerName]);
  assert.deepEqual(await readFile(keys.clientFiles[2] ?? ''), Buffer.from(der));
});

test('readPublicKeys() knows of no certificate where modules are not signed', async () => {
  await using rig = await makeDataRig();
  await using gpg = await makeGpgRig();
  const signing: SigningSettings = { gnupgHome: gpg.home, otherKeys: [], process: 'own' };

  await announceKeys(await openSigningKey(signing, rig.data), signing, rig.data);

  const keys = await readPublicKeys(rig.data);
  assert.equal(keys?.moduleCertificate, undefined);
  assert.equal(keys?.clientFiles.length, 1);
});

test('dropRetired() leaves out what had its last day', () => {
  const [gone, today, always] = [
    { publicKey: 'a', certificate: 'a', until: '2027-06-29' },
    { publicKey: 'b', certificate: 'b', until: '2027-06-30' },
    { publicKey: 'c', certificate: 'c' },
  ];
  const modules = {
    ...{ key: 'k', certificate: 'c', hash: 'sha256' as const, environment: {} },
    otherCertificates: [gone, today, always],
  };

  const kept = dropRetired(
    { otherKeys: [gone, today, always], process: 'own', modules },
    new Date('2027-06-30T23:59:59Z'),
  );

  assert.deepEqual(kept.otherKeys, [today, always]);
  assert.deepEqual(kept.modules?.otherCertificates, [today, always]);
});
