import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import {
  readIfExists,
  readJson,
  writeFileAtomically,
  writeJson,
} from '../../activities/atomic-file.ts';
import { StateDamagedError } from '../../model/activity-errors.ts';
import { makeScratch } from '../support/scratch.ts';

function isNote(value: unknown): value is { readonly note: string } {
  return typeof value === 'object' && value !== null && 'note' in value;
}

test('writeFileAtomically() makes directories, replaces content and leaves nothing else', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('a', 'b', 'note.json');

  await writeFileAtomically(path, 'one');
  await writeFileAtomically(path, new TextEncoder().encode('two'));

  assert.equal(await readFile(path, 'utf8'), 'two');
  assert.deepEqual(await readdir(scratch.at('a', 'b')), ['note.json']);
});

test('writeFileAtomically() leaves nothing behind when it fails', async () => {
  await using scratch = await makeScratch();
  await mkdir(scratch.at('taken', 'by-a-directory'), { recursive: true });

  await assert.rejects(writeFileAtomically(scratch.at('taken'), 'text'));

  assert.deepEqual(await readdir(scratch.path), ['taken']);
});

test('writeFileAtomically() lets many write at once, and the file is one of theirs', async () => {
  await using scratch = await makeScratch();
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(50_000));

  await Promise.all(texts.map((text) => writeFileAtomically(scratch.at('note'), text)));

  assert.ok(texts.includes(await readFile(scratch.at('note'), 'utf8')));
  assert.deepEqual(await readdir(scratch.path), ['note']);
});

const WRITER = `
  import { writeFileAtomically } from '${new URL('../../activities/atomic-file.ts', import.meta.url)}';
  const texts = ['a', 'b'].map((letter) => letter.repeat(4_000_000));
  for (let i = 0; ; i++) {
    await writeFileAtomically(process.argv[1], texts[i % 2]);
    if (i === 2) console.log('busy');
  }`;

test('writeFileAtomically() leaves a whole old or new file when it is killed', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('note');
  const argv = ['--import', 'tsx', '--input-type=module', '-e', WRITER, path];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });

  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');

  assert.match(await readFile(path, 'utf8'), /^(?:a{4000000}|b{4000000})$/);
});

test('readJson() gives back what writeJson() wrote', async () => {
  await using scratch = await makeScratch();

  await writeJson(scratch.at('note.json'), { note: 'größer' });

  assert.deepEqual(await readJson(scratch.at('note.json'), isNote), { note: 'größer' });
});

test('readJson() and readIfExists() give nothing for a file that does not exist', async () => {
  await using scratch = await makeScratch();

  assert.equal(await readJson(scratch.at('none', 'note.json'), isNote), undefined);
  assert.equal(await readIfExists(scratch.at('none')), undefined);
});

for (const [what, text] of [
  ['half of a record', '{"note": "on'],
  ['nothing', ''],
  ['zeros, as a crashed file system leaves them', '\0'.repeat(100)],
  ['other JSON', '{"other": 1}'],
  ['null', 'null'],
] as const) {
  test(`readJson() says which file is damaged when it holds ${what}`, async () => {
    await using scratch = await makeScratch();
    const path = scratch.at('note.json');
    await writeFile(path, text);

    await assert.rejects(readJson(path, isNote), (error) => {
      assert.ok(error instanceof StateDamagedError);
      assert.equal(error.path, path);
      assert.match(error.message, /^Cannot read state "\/.*note\.json": expected .*, found /);
      assert.equal(error.failureClass, 'configuration');
      return true;
    });
  });
}
