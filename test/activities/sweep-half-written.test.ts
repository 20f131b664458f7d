import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { sweepHalfWritten } from '../../activities/upkeep/sweep-half-written.ts';
import { makeScratch } from '../support/scratch.ts';

const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
const HALF = `jool.json.${UUID}.tmp`;
const GRACE_MS = 60_000;

test('sweepHalfWritten() removes what a killed process left among records, at the second look', async () => {
  await using scratch = await makeScratch();
  const root = `${scratch.path}/home`;
  const cells = `${scratch.path}/home/cells/lab/6.1`;
  for (const folder of ['cells/lab/6.1', 'store/sha256/ab', 'streams', 'elsewhere']) {
    await mkdir(`${scratch.path}/home/${folder}`, { recursive: true });
  }
  await writeFile(`${cells}/${HALF}`, '{"verd');
  await writeFile(`${cells}/jool.json`, '{}');
  await writeFile(`${cells}/notes.tmp`, 'a person put this here');
  await writeFile(`${root}/sources.json.${UUID}.tmp`, '');
  await writeFile(`${root}/store/sha256/ab/${HALF}`, 'the sweep of the store knows better');
  await mkdir(`${scratch.path}/outside`);
  await writeFile(`${scratch.path}/outside/${HALF}`, '');
  await symlink(`${scratch.path}/outside`, `${root}/elsewhere/link`);
  async function sweep(uptimeMs: number, isDryRun = false) {
    const reading = { bootId: 'a', uptimeMs, wallMs: 0 };
    const file = `${scratch.path}/half.json`;
    return await sweepHalfWritten(root, { file, reading, graceMs: () => GRACE_MS, isDryRun });
  }

  assert.equal((await sweep(0)).count, 0, 'it may still be written');
  const names = [`cells/lab/6.1/${HALF}`, `sources.json.${UUID}.tmp`];
  assert.deepEqual((await sweep(GRACE_MS + 1, true)).names.toSorted(), names);
  assert.ok((await readdir(cells)).includes(HALF), 'a dry run removes nothing');
  assert.deepEqual((await sweep(GRACE_MS + 1)).names.toSorted(), names);

  assert.deepEqual((await readdir(cells)).toSorted(), ['jool.json', 'notes.tmp']);
  assert.deepEqual(await readdir(`${root}/store/sha256/ab`), [HALF]);
  assert.deepEqual(await readdir(`${scratch.path}/outside`), [HALF]);
  assert.equal((await sweep(2 * GRACE_MS + 2)).count, 0);
});

test('sweepHalfWritten() leaves what is written anew under the same name', async () => {
  await using scratch = await makeScratch();
  const root = `${scratch.path}/home`;
  await mkdir(`${root}/gates`, { recursive: true });
  async function sweep(uptimeMs: number) {
    await writeFile(`${root}/gates/lab.json.${UUID}.tmp`, `${uptimeMs}`);
    const reading = { bootId: 'a', uptimeMs, wallMs: 0 };
    const look = { file: `${scratch.path}/half.json`, reading, isDryRun: false };
    return await sweepHalfWritten(root, { ...look, graceMs: () => GRACE_MS });
  }

  await sweep(0);
  assert.equal((await sweep(GRACE_MS + 1)).count, 0);
  assert.equal((await readdir(`${root}/gates`)).length, 1);
});
