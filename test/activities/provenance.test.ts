import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import { openContentStore } from '../../activities/content-store.ts';
import { readStatement } from '../../activities/provenance/read-statement.ts';
import { signProvenanceActivities } from '../../activities/provenance/sign-provenance.ts';
import {
  provenanceActivities,
  type StatedPackage,
} from '../../activities/provenance/write-provenance.ts';
import { openSignatureLog } from '../../activities/signature-log.ts';
import { openSigningKey } from '../../activities/signing-key.ts';
import { ContentInvalidError, SignatureRefusedError } from '../../model/activity-errors.ts';
import type { BuiltPackage } from '../../model/cell.ts';
import { inActivity } from '../support/activity-context.ts';
import { makeDataRig, settingsOf } from '../support/data-rig.ts';
import { makeGpgRig } from '../support/gpg-rig.ts';
import { statementOf } from '../support/made-statement.ts';

// One key for all tests: making it takes the longest of all.
const gpg = await makeGpgRig();
after(() => gpg[Symbol.asyncDispose]());

const NAME = 'kmod-jool-4.1.9-1.x86_64.rpm';
const NEVRA = { name: 'kmod-jool', epoch: 0, version: '4.1.9', release: '1', arch: 'x86_64' };

function textOf(subject: { readonly name: string; readonly sha256: string }): string {
  return JSON.stringify(statementOf(subject));
}

async function startStation() {
  const rig = await makeDataRig();
  const key = await openSigningKey({ gnupgHome: gpg.home }, rig.data);
  const signed = openContentStore(rig.scratch.at('signed'));
  const logFile = rig.scratch.at('signatures.jsonl');
  const log = openSignatureLog(logFile, rig.now);
  const { signProvenance } = signProvenanceActivities({ ...rig, key, signed, log });
  const { takeProvenance } = provenanceActivities({
    ...{ ...rig, signed, settings: settingsOf(), version: '0.1.0' },
    currentKeyFile: key.currentKeyFile,
  });
  const file: BuiltPackage = { fileName: NAME, nevra: NEVRA, ...(await signed.addText('an rpm')) };
  return {
    ...{ rig, signed, file, takeProvenance, logFile },
    state: async (text: string, other = file): Promise<StatedPackage> => {
      return { package: other, statement: await rig.store.addText(text) };
    },
    sign: (...stated: readonly StatedPackage[]) => inActivity(() => signProvenance({ stated })),
    take: (stated: StatedPackage, ...signatures: Awaited<ReturnType<typeof signProvenance>>) =>
      inActivity(() => takeProvenance({ stated: [stated], signatures })),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

test('signProvenance() signs a statement about a package that it signed, and writes it down', async () => {
  await using station = await startStation();
  const { file, rig } = station;
  const stated = await station.state(textOf({ name: NAME, sha256: file.sha256 }));

  const [signature] = await station.sign(stated);

  assert.ok(signature);
  const [taken] = await station.take(stated, signature);
  assert.deepEqual(taken, { ...file, provenance: { statement: stated.statement, signature } });
  assert.match(await readFile(await rig.store.require(signature), 'utf8'), /BEGIN PGP SIGNATURE/);
  const { what, name, before, result } = JSON.parse(await readFile(station.logFile, 'utf8'));
  assert.deepEqual(
    { what, name, before, result },
    {
      ...{ what: 'provenance', name: `${NAME}.intoto.json`, result: 'signed' },
      before: stated.statement.sha256,
    },
  );
});

test('signProvenance() refuses what is no statement', async () => {
  await using station = await startStation();
  const good = textOf({ name: NAME, sha256: station.file.sha256 });
  for (const text of [
    'a letter',
    '{}',
    '<repomd/>',
    good.replace('"subject"', '"subjects"'),
    good.replace('{"_type"', '{"more":1,"_type"'),
    good.replace('slsa.dev/provenance/v1', 'slsa.dev/provenance/v2'),
    `${' '.repeat(300_000)}${good}`,
  ]) {
    await assert.rejects(station.sign(await station.state(text)), ContentInvalidError, text);
  }
  await assert.rejects(readFile(station.logFile), /ENOENT/);
});

test('signProvenance() refuses a statement about another package than the one it comes with', async () => {
  await using station = await startStation();
  const { sha256 } = station.file;
  for (const subject of [
    { name: 'kmod-other-1-1.x86_64.rpm', sha256 },
    { name: NAME, sha256: 'f'.repeat(64) },
  ]) {
    const stated = await station.state(textOf(subject));
    await assert.rejects(station.sign(stated), /expected a statement about kmod-jool/);
  }
});

test('signProvenance() refuses a statement about a package that it did not sign', async () => {
  await using station = await startStation();
  const sha256 = 'f'.repeat(64);
  const other = { ...station.file, sha256 };
  const stated = await station.state(textOf({ name: NAME, sha256 }), other);

  await assert.rejects(station.sign(stated), /expected a package that this signer signed/);
});

test('takeProvenance() refuses the signature of another statement', async () => {
  await using station = await startStation();
  const text = textOf({ name: NAME, sha256: station.file.sha256 });
  const [signature] = await station.sign(await station.state(text));
  assert.ok(signature);

  const changed = await station.state(text.replace('"jool"', '"joor"'));
  await assert.rejects(station.take(changed, signature), SignatureRefusedError);
});

test('readStatement() reads what was written, and nothing that is cut off', () => {
  const text = textOf({ name: NAME, sha256: 'b'.repeat(64) });

  assert.deepEqual(readStatement(Buffer.from(text), NAME), JSON.parse(text));
  for (let length = 0; length < text.length; length += 7) {
    const cut = Buffer.from(text.slice(0, length));
    assert.throws(() => readStatement(cut, NAME), ContentInvalidError);
  }
});
