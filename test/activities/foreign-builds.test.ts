import assert from 'node:assert/strict';
import { copyFile, rm, utimes, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openForeignBuildReader } from '../../activities/foreign-builds.ts';
import { NotFoundError } from '../../model/activity-errors.ts';
import { RpmHeaderParseError } from '../../model/parse-errors.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { kmodOf } from '../support/plan-facts.ts';
import { makeScratch } from '../support/scratch.ts';

const DEMO = fixturePath('rpms/kmod-demo-1.0~rc1-1.xzdio.x86_64.rpm');
const KERNEL = { release: '6.1.0-56-amd64', arch: 'x86_64' };
const { signal } = new AbortController();

function open(paths: readonly string[], names: readonly string[] = []) {
  return openForeignBuildReader([kmodOf('demo', { binaries: { paths, names } }), kmodOf('plain')]);
}

test('openForeignBuildReader() reads packages by themselves and in directories', async () => {
  for (const path of [DEMO, fixturePath('rpms')]) {
    const builds = await open([path])('demo', KERNEL, signal);
    assert.deepEqual(
      builds.map(({ release, modules }) => [release, modules.map(({ name }) => name)]),
      [['6.1.0-54-amd64', ['virtio_dma_buf']]],
    );
  }
});

test('openForeignBuildReader() finds nothing for a kmod without binaries', async () => {
  assert.deepEqual(await open([DEMO])('plain', KERNEL, signal), []);
});

test('openForeignBuildReader() takes the packages that are meant', async () => {
  assert.equal((await open([DEMO], ['other', 'kmod-d*'])('demo', KERNEL, signal)).length, 1);
  assert.deepEqual(await open([DEMO], ['kmod-d'])('demo', KERNEL, signal), []);
});

test('openForeignBuildReader() passes over a broken package in a directory only', async () => {
  await using scratch = await makeScratch();
  const broken = scratch.at('a.rpm');
  await writeFile(broken, 'not yet here');
  await copyFile(DEMO, scratch.at('b.rpm'));

  assert.equal((await open([scratch.path])('demo', KERNEL, signal)).length, 1);
  await assert.rejects(open([broken])('demo', KERNEL, signal), RpmHeaderParseError);
  await assert.rejects(open([scratch.at('c')])('demo', KERNEL, signal), NotFoundError);
});

test('openForeignBuildReader() reads a file again when it has changed, and forgets one that went', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('a.rpm');
  await copyFile(DEMO, path);
  const read = open([scratch.path]);
  const [first] = await read('demo', KERNEL, signal);
  const [again] = await read('demo', KERNEL, signal);
  await utimes(path, 1, 1);
  const [touched] = await read('demo', KERNEL, signal);
  await rm(path);

  assert.equal(first?.modules[0], again?.modules[0]);
  assert.notEqual(first?.modules[0], touched?.modules[0]);
  assert.deepEqual(first, touched);
  assert.deepEqual(await read('demo', KERNEL, signal), []);
});
