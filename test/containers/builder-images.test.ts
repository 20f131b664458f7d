import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadDefinitions } from '../../config/definitions.ts';

const folder = new URL('../../containers/images/', import.meta.url);
const { targets } = await loadDefinitions();
const names = [...targets.keys()].filter((name) => name !== 'lab' && !name.endsWith('-mock'));

/** A shipped target's packages, also those that it has from another. */
function packagesOf(name: string): readonly string[] {
  const target = targets.get(name);
  return target?.packages ?? (target?.like === undefined ? [] : packagesOf(target.like));
}

test('containers/images has a Containerfile for each shipped target of a distribution', async () => {
  const files = (await readdir(folder)).filter((name) => name.startsWith('Containerfile.'));

  assert.deepEqual(files.sort(), names.map((name) => `Containerfile.${name}`).sort());
});

for (const name of names) {
  test(`Containerfile.${name} installs what its target asks for, on a base that is given`, async () => {
    const text = await readFile(new URL(`Containerfile.${name}`, folder), 'utf8');
    const words = text.replace(/^#.*$/gm, '').split(/\s+/);

    assert.match(text, /^ARG BASE\nFROM \$\{BASE\}\n/m);
    assert.deepEqual(
      packagesOf(name).filter((one) => !words.includes(one)),
      [],
    );
    // One image serves all kernels of its distribution.
    assert.ok(!words.some((word) => word.includes('kernel-devel')));
  });
}

function buildImage(...args: readonly string[]): string {
  const script = fileURLToPath(new URL('build-image.sh', folder));
  const { status, stderr } = spawnSync('bash', [script, ...args]);
  assert.equal(status, 1);
  return stderr.toString();
}

test('build-image.sh takes no base but one by digest, and no target that is not shipped', () => {
  const digest = `sha256:${'0'.repeat(64)}`;

  assert.match(
    buildImage('centos-stream-9', 'example.org/centos:9'),
    /expected an image by digest/,
  );
  assert.match(buildImage('centos-stream-9', `centos@${digest}`), /<registry>\/<name>@sha256/);
  assert.match(
    buildImage('../lab', `example.org/a@${digest}`),
    /expected one of almalinux-9 centos-stream-10/,
  );
  assert.match(buildImage('centos-stream-9'), /expected <target> <base>, found 1 arguments/);
});
