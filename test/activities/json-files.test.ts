import assert from 'node:assert/strict';
import { rm, utimes, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { writeJson } from '../../activities/atomic-file.ts';
import { openJsonFiles } from '../../activities/json-files.ts';
import { openRecords } from '../../activities/records.ts';
import { StateDamagedError } from '../../model/activity-errors.ts';
import { makeDataRig } from '../support/data-rig.ts';
import { kernelOf } from '../support/plan-facts.ts';
import { makeScratch } from '../support/scratch.ts';

function isNumbered(value: unknown): value is { readonly n: number | string } {
  return typeof value === 'object' && value !== null && 'n' in value;
}

test('JSON files give what was read as long as they are the same', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('a.json');
  const files = openJsonFiles(isNumbered);
  assert.equal(files.read(path), undefined);
  await writeJson(path, { n: 1 });

  const first = files.read(path);

  assert.deepEqual(first, { n: 1 });
  assert.equal(files.read(path), first);
});

test('JSON files show at once what another process replaced or removed', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('a.json');
  const files = openJsonFiles(isNumbered);
  const moment = new Date('2026-11-23T12:00:00Z');
  for (let n = 10; n < 30; n += 1) {
    await writeJson(path, { n });
    // As long, and by its time as old as the one before.
    await utimes(path, moment, moment);
    assert.deepEqual(files.read(path), { n });
  }

  await rm(path);

  assert.equal(files.read(path), undefined);
});

test('JSON files keep nothing of what is damaged', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('a.json');
  const files = openJsonFiles(isNumbered);
  await writeFile(path, '{"half');
  for (let nth = 0; nth < 2; nth += 1) {
    assert.throws(() => files.read(path), StateDamagedError);
  }

  await writeJson(path, { n: 2 });

  assert.deepEqual(files.read(path), { n: 2 });
});

test('JSON files are right also where they are more than is kept', async () => {
  await using scratch = await makeScratch();
  const files = openJsonFiles(isNumbered);
  const paths = ['a', 'b', 'c'].map((name) => scratch.at(`${name}.json`));
  for (const path of paths) await writeFile(path, JSON.stringify({ n: path.padEnd(9_000_000) }));

  for (const path of [...paths, ...paths]) {
    assert.equal(`${files.read(path)?.n}`.trim(), path);
  }
});

test('records see what others wrote since they were read', async () => {
  await using rig = await makeDataRig();
  const kernel = kernelOf('5.14.0-611.el9');
  await rig.records.writeKernel(kernel);
  assert.deepEqual(await rig.records.listKernels('lab'), [kernel]);
  const changed = { ...kernel, foundAt: '2027-01-01T00:00:00.000Z' };

  await openRecords(rig.data, rig.store).writeKernel(changed);

  assert.deepEqual(await rig.records.readKernel(kernel), changed);
  assert.deepEqual(await rig.records.listKernels('lab'), [changed]);
});
