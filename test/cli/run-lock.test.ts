import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import test from 'node:test';
import {
  AlreadyRunningError,
  isAlive,
  markProcess,
  parseMark,
  takeRunLock,
} from '../../cli/run-lock.ts';
import { makeScratch } from '../support/scratch.ts';

/** The mark of a process that has ended. */
async function markOfTheDead(): Promise<string> {
  const child = spawn('sleep', ['30']);
  const mark = await markProcess(child.pid ?? 0);
  assert.ok(mark);
  child.kill('SIGKILL');
  await once(child, 'close');
  return JSON.stringify(mark);
}

const DEAD = await markOfTheDead();

test('takeRunLock() takes a free lock, marks it and gives it back', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('home', 'run', 'up.lock');

  const release = await takeRunLock(path);

  assert.deepEqual(parseMark(await readFile(path, 'utf8')), await markProcess(process.pid));
  await release();
  assert.deepEqual(await readdir(scratch.at('home', 'run')), []);
  await (await takeRunLock(path))();
});

test('takeRunLock() refuses while the holder lives, and names it', async () => {
  await using scratch = await makeScratch();
  const path = scratch.at('home', 'run', 'up.lock');
  const release = await takeRunLock(path);

  await assert.rejects(takeRunLock(path), (error) => {
    assert.ok(error instanceof AlreadyRunningError);
    assert.equal(error.pid, process.pid);
    assert.equal(error.failureClass, 'configuration');
    assert.match(error.message, new RegExp(`^Cannot use the data of "${scratch.at('home')}"`));
    assert.match(error.message, new RegExp(`process ${process.pid} is using it already`));
    return true;
  });
  await release();
});

const STALE: readonly [what: string, content: string][] = [
  ['of a process that has ended', DEAD],
  [
    'of an earlier process with a number that lives again',
    JSON.stringify({ pid: process.pid, startTicks: '1' }),
  ],
  ['that was cut by a crash', '{"pid": 12'],
  ['that is empty', ''],
];

for (const [what, content] of STALE) {
  test(`takeRunLock() takes over a lock ${what}`, async () => {
    await using scratch = await makeScratch();
    await writeFile(scratch.at('up.lock'), content);

    const release = await takeRunLock(scratch.at('up.lock'));

    assert.deepEqual(await readdir(scratch.path), ['up.lock']);
    await release();
    assert.deepEqual(await readdir(scratch.path), []);
  });
}

/** @returns How many of several that try at once get the lock. */
async function countWinners(path: string, tryCount: number): Promise<number> {
  const ends = await Promise.allSettled(Array.from({ length: tryCount }, () => takeRunLock(path)));
  for (const end of ends) {
    if (end.status === 'rejected') assert.ok(end.reason instanceof AlreadyRunningError, end.reason);
  }
  return ends.filter((end) => end.status === 'fulfilled').length;
}

test('takeRunLock() lets one of several that try at once have a free lock', async () => {
  for (let i = 0; i < 30; i += 1) {
    await using scratch = await makeScratch();

    assert.equal(await countWinners(scratch.at('up.lock'), 4), 1);
  }
});

test('takeRunLock() lets one of several that try at once take over a stale lock', async () => {
  for (let i = 0; i < 60; i += 1) {
    await using scratch = await makeScratch();
    await writeFile(scratch.at('up.lock'), DEAD);

    assert.equal(await countWinners(scratch.at('up.lock'), 8), 1, `in run ${i}`);
    assert.deepEqual(await readdir(scratch.path), ['up.lock']);
  }
});

test('takeRunLock() outlives a crash in the middle of a takeover', async () => {
  await using scratch = await makeScratch();
  const guard = scratch.at('up.lock.takeover');
  await writeFile(scratch.at('up.lock'), DEAD);
  await mkdir(guard);
  await utimes(guard, 0, 0);

  await takeRunLock(scratch.at('up.lock'));

  assert.deepEqual(await readdir(scratch.path), ['up.lock']);
});

test('isAlive() knows the living from the dead', async () => {
  const own = await markProcess(process.pid);
  const dead = parseMark(DEAD);

  assert.ok(own && (await isAlive(own)));
  assert.ok(dead && !(await isAlive(dead)));
});

test('markProcess() reads a process whose name looks like the rest of the line', async () => {
  await using scratch = await makeScratch();
  const program = scratch.at(') S 1 2 (');
  await writeFile(program, '#!/bin/sh\nread line\n', { mode: 0o755 });
  const child = spawn(program);
  await once(child, 'spawn');

  const [mark, own] = [await markProcess(child.pid ?? 0), await markProcess(process.pid)];
  child.kill('SIGKILL');

  assert.ok(Number(mark?.startTicks) >= Number(own?.startTicks), `${mark?.startTicks}`);
});

test('parseMark() takes nothing but marks', () => {
  assert.deepEqual(parseMark('{"pid":1,"startTicks":"2","more":3}'), { pid: 1, startTicks: '2' });
  for (const text of ['', 'null', '1', '[]', '{}', '{"pid":"1","startTicks":"2"}', '{"pid":1}']) {
    assert.equal(parseMark(text), undefined, text);
  }
});
