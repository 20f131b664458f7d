import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { findLastSignature } from '../../activities/metrics/last-signature.ts';
import { measureDatabase, measureStore } from '../../activities/metrics/measure-files.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { makeScratch } from '../support/scratch.ts';

const line = (at: string, result: string): string => `${JSON.stringify({ at, result })}\n`;

test('measureStore() adds up what is stored, and an empty place is empty', async () => {
  await using rig = await makeDataRig();
  assert.deepEqual(await measureStore(rig.data.store), { count: 0, sizeBytes: 0 });

  await rig.store.addText('four');
  await rig.store.addText('sixsix');
  await rig.store.addText('four');

  assert.deepEqual(await measureStore(rig.data.store), { count: 2, sizeBytes: 10 });
});

test('measureDatabase() counts what is not in the database yet', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('temporal.db');
  assert.equal(await measureDatabase(path), undefined);

  await writeFile(path, '1234');
  await writeFile(`${path}-wal`, '12');

  assert.equal(await measureDatabase(path), 6);
});

test('findLastSignature() finds the last success before failures and a line that a crash cut short', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('signing'));
  const path = scratch.at('signing', 'signatures.jsonl');
  assert.equal(await findLastSignature(path), undefined);

  const first = line('2026-11-01T00:00:00.000Z', 'signed');
  const second = line('2026-11-02T00:00:00.000Z', 'signed');
  const third = line('2026-11-03T00:00:00.000Z', 'failed');
  await writeFile(path, `${'x'.repeat(300_000)}\n${first}${second}${third}{"at":"2026-11-0`);

  assert.equal(await findLastSignature(path), '2026-11-02T00:00:00.000Z');
});

test('findLastSignature() knows of none where none succeeded', async () => {
  await using scratch = await makeScratch();
  await writeFile(scratch.at('log'), line('2026-11-03T00:00:00.000Z', 'failed'));

  assert.equal(await findLastSignature(scratch.at('log')), undefined);
});
