import assert from 'node:assert/strict';
import { rename, stat, symlink, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { stampSource } from '../../activities/sources/stamp-source.ts';
import { makeScratch } from '../support/scratch.ts';

const TRIES = 500;

test('stampSource() tells two versions apart that were unpacked at the same instant', async () => {
  await using scratch = await makeScratch();
  const [one, other] = await makeTwins(scratch.at.bind(scratch));
  const path = scratch.at('newest.src.rpm');
  const source = { kind: 'srpm', path } as const;
  await symlink(one, path);
  const before = await stampSource(source);

  await symlink(other, `${path}.new`);
  await rename(`${path}.new`, path);

  assert.notEqual((await stampSource(source))?.digest, before?.digest);
  assert.ok(before);
});

/** Two files of the same size and the same times, which the kernel counts in ticks. */
async function makeTwins(at: (name: string) => string): Promise<readonly [string, string]> {
  for (let number = 0; number < TRIES; number++) {
    const [one, other] = [at(`one-${number}`), at(`other-${number}`)];
    await Promise.all([writeFile(one, '1'), writeFile(other, '2')]);
    const [a, b] = [await stat(one), await stat(other)];
    if (a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs) return [one, other];
  }
  assert.fail(`no two files of the same instant in ${TRIES} tries`);
}
