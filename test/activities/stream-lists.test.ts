import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { findStreamLists, readStreamLists } from '../../activities/stream-lists.ts';
import { ContentInvalidError, NotFoundError } from '../../model/activity-errors.ts';
import { streamOf } from '../support/data-rig.ts';
import { makeScratch } from '../support/scratch.ts';

test('readStreamLists() reads what a stream names, and nothing for one that names none', async () => {
  await using scratch = await makeScratch();
  const [stablelist, severities] = [scratch.at('stable'), scratch.at('severities')];
  await writeFile(stablelist, '[rhel9_x86_64_stablelist]\n\tkfree\n');
  await writeFile(severities, 'drivers/staging/*  PASS\n');

  const lists = await readStreamLists(streamOf({ stablelist, severities }));

  assert.deepEqual([...(lists.stablelist ?? [])], ['kfree']);
  assert.equal(lists.severities?.length, 1);
  assert.deepEqual(await readStreamLists(streamOf()), {});
});

test('readStreamLists() says which file and line is wrong; findStreamLists() does without it', async () => {
  await using scratch = await makeScratch();
  const severities = scratch.at('severities');
  await writeFile(severities, 'vmlinux PASS\nvmlinux MAYBE\n');
  const directory = scratch.at('directory');
  await mkdir(directory);

  await assert.rejects(readStreamLists(streamOf({ severities })), (error) => {
    assert.ok(error instanceof ContentInvalidError);
    assert.match(error.message, /Cannot use ".*severities": Cannot parse kABI severities line 2/);
    return true;
  });
  await assert.rejects(
    readStreamLists(streamOf({ stablelist: directory })),
    /expected a file of at most 16777216 bytes/,
  );
  await assert.rejects(readStreamLists(streamOf({ stablelist: scratch.at('no') })), NotFoundError);
  assert.deepEqual(await findStreamLists(streamOf({ severities })), {});
});
