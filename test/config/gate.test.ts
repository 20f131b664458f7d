import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { loadSettings } from '../../config/load-settings.ts';
import type { Settings } from '../../model/settings.ts';
import { makeScratch } from '../support/scratch.ts';

async function load(streams: string): Promise<Settings> {
  await using scratch = await makeScratch();
  const file = scratch.at('rekmod.yaml');
  await writeFile(file, `streams:\n${streams}\n`);
  return await loadSettings(file);
}

const LAB = 'like: lab, urls: ["https://mirror.example.org/lab"]';

test('loadSettings() gives a stream no gate unless it is asked for', async () => {
  const { streams, repositories } = await load(`  a: { ${LAB} }`);

  assert.equal(streams[0]?.gate, undefined);
  assert.equal(repositories.length, 1);
});

test('loadSettings() fills in a gate and adds its repository', async () => {
  const { streams, repositories } = await load(`  a: { ${LAB}, repository: kmods, gate: }`);

  assert.deepEqual(streams[0]?.gate, {
    graceMs: 3_600_000,
    packages: 'upstream',
    repository: 'a-gated',
    fastLane: { severities: [], skip: 'optional' },
  });
  assert.deepEqual(
    repositories.map(({ name }) => name),
    ['kmods', 'a-gated'],
  );
});

test('loadSettings() takes each value of a gate from the nearest stream, and switches one off', async () => {
  const { streams } = await load(
    `  a: { ${LAB}, gate: { grace: 0s, packages: mirror, repository: g, fastLane: { severities: [critical], skip: failed } } }
  b: { like: a, gate: { grace: 2h, repository: h } }
  c: { like: a, gate: { enabled: false } }`,
  );

  const [a, b, c] = streams.map(({ gate }) => gate);
  assert.deepEqual([a?.graceMs, a?.repository, a?.packages], [0, 'g', 'mirror']);
  assert.deepEqual([b?.graceMs, b?.repository, b?.packages], [7_200_000, 'h', 'mirror']);
  assert.deepEqual(b?.fastLane, { severities: ['critical'], skip: 'failed' });
  assert.equal(c, undefined);
});

test('loadSettings() refuses a gate in the repository of the kmods', async () => {
  await assert.rejects(load(`  a: { ${LAB}, repository: k, gate: { repository: k } }`), {
    message: /wrong "gate\.repository": expected another than .*found "k"/,
  });
});

test('loadSettings() refuses to send clients to packages of a local folder', async () => {
  await assert.rejects(load('  a: { like: lab, urls: ["file:///srv/lab"], gate: {} }'), {
    message: /wrong "gate\.packages": .*expected "mirror", found "upstream"/,
  });
  await assert.doesNotReject(
    load('  a: { like: lab, urls: ["file:///srv/lab"], gate: { packages: mirror } }'),
  );
});
