import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { promisify } from 'node:util';
import { findProgram } from '../../activities/find-program.ts';
import { shrinkDatabase } from '../../cli/shrink-database.ts';
import { makeScratch } from '../support/scratch.ts';

const PATH = process.env.PATH ?? '';
const run = promisify(execFile);
const program = await findProgram('sqlite3', PATH);
const skip = program === undefined && 'sqlite3 is not installed';
const MIN_BYTES = 1024 * 1024;

/** A database of 4 MiB of which so many of 4 rows were deleted. */
async function makeDatabase(path: string, deletedCount: number): Promise<void> {
  const sql = `CREATE TABLE t(i, b);
    INSERT INTO t SELECT value, zeroblob(1048576) FROM generate_series(1, 4);
    DELETE FROM t WHERE i <= ${deletedCount};`;
  await run(program ?? '', [path, sql]);
}

test('shrinkDatabase() gives back what is free, and keeps what is in it', { skip }, async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('temporal.db');
  await makeDatabase(path, 3);

  const shrunk = await shrinkDatabase(path, PATH, MIN_BYTES);

  assert.ok(shrunk && shrunk.beforeBytes > 4 * MIN_BYTES && shrunk.afterBytes < 2 * MIN_BYTES);
  assert.equal((await stat(path)).size, shrunk.afterBytes);
  assert.equal((await run(program ?? '', [path, 'SELECT i FROM t'])).stdout, '4\n');
});

test('shrinkDatabase() leaves alone what is not worth it, not there, or no database', {
  skip,
}, async () => {
  await using scratch = await makeScratch();
  await makeDatabase(scratch.at('full.db'), 0);
  await writeFile(scratch.at('other.db'), Buffer.alloc(2 * MIN_BYTES, 'x'));

  for (const name of ['full.db', 'other.db', 'missing.db']) {
    assert.equal(await shrinkDatabase(scratch.at(name), PATH, MIN_BYTES), undefined, name);
  }
  assert.equal(await shrinkDatabase(scratch.at('full.db'), '/nowhere', MIN_BYTES), undefined);
});
