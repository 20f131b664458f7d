import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import test from 'node:test';
import { checkSigning } from '../../cli/check-signing.ts';
import type { SigningSettings } from '../../model/settings.ts';
import { settingsOf } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { makeModuleKey } from '../support/module-key-rig.ts';

const NOW = new Date();
const LATER = new Date('2099-01-01');

async function check(signing: Partial<SigningSettings>, now = NOW) {
  const settings = settingsOf();
  return await checkSigning({ ...settings, signing: { ...settings.signing, ...signing } }, now);
}

test('checkSigning() says that modules stay unsigned where nothing is configured', async () => {
  const [packages, modules] = await check({});

  assert.ok(packages?.isGood && modules?.isGood);
  assert.match(modules.found, /^none: modules stay unsigned/);
});

test('checkSigning() finds keys that can sign, and until when', async () => {
  await using gpg = await makeGpgRig();
  await using rig = await makeModuleKey();
  await chmod(rig.settings.key, 0o600);

  const checks = await check({ gnupgHome: gpg.home, modules: rig.settings });

  assert.ok(checks.every(({ isGood, remedy }) => isGood && remedy === undefined));
  assert.match(checks[1]?.found ?? '', /key\.pem, of CN=modules, until \d{4}-\d\d-\d\d$/);
});

test('checkSigning() tells of a key that others may read, with the command', async () => {
  await using gpg = await makeGpgRig();
  await using rig = await makeModuleKey();
  await chmod(rig.settings.key, 0o644);
  await chmod(gpg.home, 0o755);

  const [packages, modules] = await check({ gnupgHome: gpg.home, modules: rig.settings });

  assert.equal(packages?.remedy, `chmod 700 ${gpg.home}`);
  assert.equal(modules?.remedy, `chmod 600 ${rig.settings.key}`);
  assert.ok(!packages.isGood && !modules.isGood);
});

test('checkSigning() tells of a certificate of another key, and of an expired one', async () => {
  await using rig = await makeModuleKey();
  await using other = await makeModuleKey('other');
  await chmod(rig.settings.key, 0o600);
  const { certificate } = other.settings;

  const [, mixed] = await check({ modules: { ...rig.settings, certificate } });
  const [, expired] = await check({ modules: rig.settings }, LATER);

  assert.ok(mixed && !mixed.isGood && expired && !expired.isGood);
  assert.match(mixed.found, /expected the key of CN=other, found that of another/);
  assert.match(expired.found, /has expired on \d{4}-/);
});

test('checkSigning() leaves a signer that is separate alone', async () => {
  const checks = await check({ process: 'separate', gnupgHome: '/nowhere' });

  assert.deepEqual(
    checks.map(({ isGood }) => isGood),
    [true],
  );
});
