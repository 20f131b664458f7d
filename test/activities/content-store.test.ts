import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { linkStored, openContentStore } from '../../activities/content-store.ts';
import type { ExpectedContent } from '../../activities/write-verified.ts';
import { ContentMismatchError, StateDamagedError } from '../../model/activity-errors.ts';
import { makeScratch } from '../support/scratch.ts';

const TEXT = 'kernel-devel';

function digest(type: string, text = TEXT): string {
  return createHash(type).update(text).digest('hex');
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  for (const character of text) yield Buffer.from(character);
}

function expect(type: string, changes: Partial<ExpectedContent> = {}): ExpectedContent {
  const checksum = { type, value: digest(type) };
  return { url: 'http://mirror.example.org/a.rpm', checksum, ...changes };
}

test('add() stores the same content once, whatever its chunks', async () => {
  await using scratch = await makeScratch();
  const store = openContentStore(scratch.at('store'));

  const one = await store.addText(TEXT);
  const inode = (await stat(store.pathOf(one.sha256))).ino;
  const two = await store.add(chunksOf(TEXT), expect('sha256', { sizeBytes: TEXT.length }));

  assert.deepEqual(one, { sha256: digest('sha256'), sizeBytes: TEXT.length });
  assert.deepEqual(two, one);
  assert.equal(await readFile(await store.require(one), 'utf8'), TEXT);
  assert.deepEqual(await store.find(one.sha256), one);
  const files = await readdir(scratch.at('store'), { recursive: true, withFileTypes: true });
  assert.equal(files.filter((entry) => entry.isFile()).length, 1);
  assert.ok(inode > 0);
});

test('add() takes the same content from many at once', async () => {
  await using scratch = await makeScratch();
  const store = openContentStore(scratch.path);

  const stored = await Promise.all(Array.from({ length: 20 }, () => store.add(chunksOf(TEXT))));

  assert.equal(new Set(stored.map(({ sha256 }) => sha256)).size, 1);
  assert.deepEqual(await readdir(scratch.at('incoming')), []);
});

for (const type of ['sha224', 'sha256', 'sha384', 'sha512']) {
  test(`add() accepts content of the promised ${type}, in either case of letters`, async () => {
    await using scratch = await makeScratch();
    const store = openContentStore(scratch.path);

    const upper = { type, value: digest(type).toUpperCase() };

    assert.equal((await store.add(chunksOf(TEXT), expect(type))).sizeBytes, TEXT.length);
    await store.add(chunksOf(TEXT), expect(type, { checksum: upper }));
  });
}

const WRONG = { type: 'sha256', value: digest('sha256', 'other') };

const REFUSALS: readonly [what: string, expected: ExpectedContent, detail: RegExp][] = [
  ['another checksum', expect('sha256', { checksum: WRONG }), /expected sha256 .*, found/],
  ['a smaller size', expect('sha256', { sizeBytes: 13 }), /expected 13 bytes, found 12$/],
  ['a larger size', expect('sha256', { sizeBytes: 11 }), /expected at most 11 bytes, found more$/],
  ['more than the limit', expect('sha256', { maxBytes: 5 }), /expected at most 5 bytes/],
  ['a promise in md5', expect('md5'), /expected a sha2 checksum, found "md5"$/],
  ['a promise in sha1', expect('sha1'), /expected a sha2 checksum, found "sha1"$/],
  [
    'a promise in no digest at all',
    expect('sha256', { checksum: { type: 'sha', value: '' } }),
    /expected a sha2 checksum, found "sha"$/,
  ],
];

for (const [what, expected, detail] of REFUSALS) {
  test(`add() refuses ${what} and keeps nothing`, async () => {
    await using scratch = await makeScratch();
    const store = openContentStore(scratch.path);

    await assert.rejects(store.add(chunksOf(TEXT), expected), (error) => {
      assert.ok(error instanceof ContentMismatchError);
      assert.match(error.message, detail);
      assert.match(error.message, /^Cannot trust "http:\/\/mirror/);
      assert.equal(error.failureClass, 'transient');
      return true;
    });
    assert.deepEqual(await readdir(scratch.at('incoming')), []);
    assert.equal(await store.find(digest('sha256')), undefined);
  });
}

test('add() keeps nothing of a source that fails in the middle', async () => {
  await using scratch = await makeScratch();
  const store = openContentStore(scratch.path);
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('kernel');
    throw new Error('connection lost');
  }

  await assert.rejects(store.add(failing()), /connection lost/);

  assert.deepEqual(await readdir(scratch.at('incoming')), []);
});

test('addFile() stores a file, and none for one that is not there', async () => {
  await using scratch = await makeScratch();
  const store = openContentStore(scratch.at('store'));
  await writeFile(scratch.at('file'), TEXT);

  assert.equal((await store.addFile(scratch.at('file'))).sha256, digest('sha256'));
  await assert.rejects(store.addFile(scratch.at('none')), { code: 'ENOENT' });
  assert.deepEqual(await readdir(scratch.at('store', 'incoming')), []);
});

test('require() refuses what is not in the store or was cut', async () => {
  await using scratch = await makeScratch();
  const store = openContentStore(scratch.path);
  const stored = await store.addText(TEXT);

  await assert.rejects(store.require({ ...stored, sha256: digest('sha256', 'x') }), (error) => {
    assert.ok(error instanceof StateDamagedError);
    assert.match(error.message, /expected 12 bytes, found no file$/);
    return true;
  });
  await truncate(store.pathOf(stored.sha256), 3);
  await assert.rejects(store.require(stored), /expected 12 bytes, found 3$/);
});

test('linkStored() gives a file a second name, and never replaces one', async () => {
  await using scratch = await makeScratch();
  const store = openContentStore(scratch.at('store'));
  const stored = await store.addText(TEXT);
  await mkdir(scratch.at('snapshot'));

  await linkStored(store, stored, scratch.at('snapshot', 'Packages', 'a.rpm'));

  assert.equal(await readFile(scratch.at('snapshot', 'Packages', 'a.rpm'), 'utf8'), TEXT);
  await assert.rejects(linkStored(store, stored, scratch.at('snapshot', 'Packages', 'a.rpm')), {
    code: 'EEXIST',
  });
});
