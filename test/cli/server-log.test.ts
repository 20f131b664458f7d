import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { boundServerLog } from '../../cli/server-log.ts';
import { makeScratch } from '../support/scratch.ts';

test('boundServerLog() puts a large log aside, and who has it open goes on at its beginning', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('server.log');
  const writer = await open(path, 'a');
  await writer.write('0123456789');

  assert.equal(await boundServerLog(path, 10), false);
  await writer.write('ab');
  assert.equal(await boundServerLog(path, 10), true);
  await writer.write('new');
  await writer.close();

  assert.equal(await readFile(`${path}.1`, 'utf8'), '0123456789ab');
  assert.equal(await readFile(path, 'utf8'), 'new');
});

test('boundServerLog() does nothing where there is no log', async () => {
  await using scratch = await makeScratch();

  assert.equal(await boundServerLog(scratch.at('server.log')), false);
});
