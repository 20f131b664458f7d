import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import {
  DATA_FORMAT,
  DataFormatError,
  markDataFormat,
  requireDataFormat,
} from '../../cli/data-format.ts';
import { StateDamagedError } from '../../model/activity-errors.ts';
import { makeScratch } from '../support/scratch.ts';

test('requireDataFormat() takes a directory without a mark, and one of its own', async () => {
  await using scratch = await makeScratch();
  const root = scratch.at('home');

  await requireDataFormat(root);
  await markDataFormat(root);
  await requireDataFormat(root);
});

test('requireDataFormat() refuses what a newer version wrote, and leaves it as it is', async () => {
  await using scratch = await makeScratch();
  const root = scratch.at('home');
  await mkdir(root);
  await writeFile(scratch.at('home', 'format.json'), JSON.stringify({ format: DATA_FORMAT + 1 }));

  for (const use of [requireDataFormat, markDataFormat]) {
    await assert.rejects(use(root), (error) => {
      assert.ok(error instanceof DataFormatError);
      assert.equal(error.found, DATA_FORMAT + 1);
      assert.match(
        error.message,
        /^Cannot use the data of .* expected format 1 or older, found 2;/u,
      );
      return true;
    });
  }
});

test('requireDataFormat() does not guess at a damaged mark', async () => {
  await using scratch = await makeScratch();
  await writeFile(scratch.at('format.json'), '{"format":');

  await assert.rejects(requireDataFormat(scratch.path), StateDamagedError);
});
