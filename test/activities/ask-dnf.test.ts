import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { askDnf } from '../../activities/snapshot/ask-dnf.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { ListedPackage } from '../../model/snapshot.ts';
import { makeScratch } from '../support/scratch.ts';

const PACKAGE: ListedPackage = {
  ...{ fileName: 'kmod-tiny-1-1.noarch.rpm', sha256: 'a'.repeat(64), sizeBytes: 1 },
  nevra: { name: 'kmod-tiny', epoch: 0, version: '1', release: '1', arch: 'noarch' },
  location: 'Packages/kmod-tiny-1-1.noarch.rpm',
  listedAt: '2026-11-23T12:00:00.000Z',
};

/** Asks a dnf that refuses so often at first. @returns How often it was asked. */
async function askRefusing(refusals: number): Promise<{ error: unknown; askedCount: number }> {
  await using scratch = await makeScratch();
  const asked = scratch.at('asked');
  await writeFile(asked, '');
  const dnf = scratch.at('fake-dnf');
  const script = `echo >> '${asked}'
[ "$(wc -l < '${asked}')" -gt ${refusals} ] || { echo 'Error: Failed to download metadata' >&2; exit 1; }
echo '${PACKAGE.location}'
`;
  await writeFile(dnf, `#!/bin/sh\n${script}`);
  await chmod(dnf, 0o755);
  const error = await askDnf(
    {
      ...{ dnf, path: scratch.path, publicKeyFile: scratch.at('key'), scratch: scratch.path },
      signal: new AbortController().signal,
    },
    [PACKAGE],
  ).catch((thrown: unknown) => thrown);
  return { error, askedCount: (await readFile(asked, 'utf8')).length };
}

test('askDnf() asks once more when dnf refuses: a disk may have been full', async () => {
  assert.deepEqual(await askRefusing(1), { error: undefined, askedCount: 2 });
});

test('askDnf() believes a dnf that refuses twice', async () => {
  const { error, askedCount } = await askRefusing(9);

  assert.ok(error instanceof ContentInvalidError, String(error));
  assert.match(error.message, /expected dnf to read it, found: Error: Failed to download metadata/);
  assert.equal(askedCount, 2);
});
