import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { liveThrough } from '../../lab/month/run-month.ts';
import { writeMonth } from '../../lab/month/write-month.ts';
import { removeWorld } from '../../lab/world.ts';

// One simulated day; `npm run month` lives through thirty, in which everything happens, and judges growth.

/** Its first day has mirrors that shrink, fall back and are in mid-sync, a kernel that breaks a kmod, and one that is recalled. */
const SEED = 30;
const SCENES = [
  'shrunk',
  'fallen-back',
  'repomd-ahead',
  'breaking',
  'mended',
  'recalled-and-replaced',
];

test('a day of what happens upstream, with a kill of rekmod, loses, skips and shows nothing wrongly', async () => {
  const month = writeMonth({ days: 3, seed: SEED });
  const polls = month.pollsADay;
  const events = month.events.filter(({ atPoll }) => atPoll < polls);
  const played = new Set<string>(events.map(({ scene }) => scene));
  assert.deepEqual(
    [...SCENES, 'restart'].filter((scene) => !played.has(scene)),
    [],
  );
  const directory = await mkdtemp(join(tmpdir(), 'rekmod-e2e-month-'));
  try {
    const script = { ...month, polls, events };
    const lived = await liveThrough(script, { directory, say: () => undefined });

    assert.equal(lived.dayCount, 1);
    assert.deepEqual(lived.missed, []);
    assert.deepEqual(lived.unexplained, []);
    assert.deepEqual(lived.viewViolations, []);
    assert.deepEqual(lived.wrongBuilds, []);
    assert.ok(lived.kernelCount >= 10 && lived.viewCount > 20, `${lived.kernelCount} kernels`);
    const last = lived.samples.at(-1)?.figures;
    assert.deepEqual([last?.containers, last?.['scratch files']], [0, 0]);
  } finally {
    await removeWorld(directory);
  }
});
