import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { link, mkdir, readdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { writeJson } from '../../activities/atomic-file.ts';
import { type ContentStore, openContentStore } from '../../activities/content-store.ts';
import { collectDigests } from '../../activities/upkeep/collect-digests.ts';
import { sweepStore } from '../../activities/upkeep/sweep-store.ts';
import type { UpkeepRemoval } from '../../model/upkeep.ts';
import { seededRandom } from '../kabi/hostile.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

const HOUR_MS = 3_600_000;

/** A store, records that refer to it, and a machine whose uptime a test moves. */
async function makeRig(scratch: Scratch) {
  const root = scratch.at('home', 'store');
  const store: ContentStore = openContentStore(root);
  let uptimeMs = 0;
  return {
    store,
    root,
    pass(ms: number) {
      uptimeMs += ms;
    },
    async refer(name: string, ...digests: readonly string[]) {
      await writeJson(scratch.at('home', 'cells', 'lab', `${name}.json`), digests);
    },
    async sweep(isDryRun = false): Promise<UpkeepRemoval> {
      const referred = await collectDigests(scratch.at('home'));
      return await sweepStore(referred, {
        ...{ root, recordFile: scratch.at('home', 'upkeep', 'store.json'), isDryRun },
        // A clock that jumps about says nothing here.
        reading: { bootId: 'a', uptimeMs, wallMs: uptimeMs % 7 },
        graceMs: 2 * HOUR_MS,
      });
    },
  };
}

test('sweepStore() removes what nothing refers to after the grace, and no sweep before the second', async () => {
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  const kept = await rig.store.addText('kept');
  const unused = await rig.store.addText('unused');
  await rig.refer('a', kept.sha256);
  const counts: number[] = [];

  for (const hours of [0, 1, 1]) {
    rig.pass(hours * HOUR_MS);
    counts.push((await rig.sweep()).count);
  }

  assert.deepEqual(counts, [0, 0, 1]);
  assert.deepEqual(await rig.store.find(kept.sha256), kept);
  assert.equal(await rig.store.find(unused.sha256), undefined);
});

test('sweepStore() tells what a dry run would remove, and changes nothing', async () => {
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  const unused = await rig.store.addText('unused');
  await rig.sweep();
  rig.pass(3 * HOUR_MS);

  const told = await rig.sweep(true);

  assert.deepEqual(
    { ...told, names: told.names.length },
    {
      what: 'files that nothing refers to',
      count: 1,
      freedBytes: 6,
      names: 1,
    },
  );
  assert.ok(await rig.store.find(unused.sha256));
});

for (const [what, use] of [
  ['added again', (store: ContentStore) => store.addText('text')],
  ['looked for', (store: ContentStore, sha256: string) => store.find(sha256)],
  ['required', (store: ContentStore, sha256: string) => store.require({ sha256, sizeBytes: 4 })],
] as const) {
  test(`sweepStore() counts anew for a file that was ${what}`, async () => {
    await using scratch = await makeScratch();
    const rig = await makeRig(scratch);
    const { sha256 } = await rig.store.addText('text');
    await rig.sweep();
    rig.pass(3 * HOUR_MS);

    await use(rig.store, sha256);

    assert.equal((await rig.sweep()).count, 0);
    assert.ok(await rig.store.find(sha256));
  });
}

test('sweepStore() leaves a file that a repository has a name for', async () => {
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  const { sha256 } = await rig.store.addText('package');
  await link(rig.store.pathOf(sha256), scratch.at('package.rpm'));
  for (const _ of [1, 2, 3]) {
    rig.pass(3 * HOUR_MS);
    assert.equal((await rig.sweep()).count, 0);
  }
});

test('sweepStore() keeps what a statement names that is referred to', async () => {
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  const input = await rig.store.addText('an input');
  const statement = await rig.store.addText(
    `${JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', digest: input.sha256 }, null, 2)}\n`,
  );
  await rig.refer('cell', statement.sha256);

  for (const _ of [1, 2, 3]) {
    rig.pass(3 * HOUR_MS);
    await rig.sweep();
  }

  assert.deepEqual(await rig.store.find(input.sha256), input);
});

test('sweepStore() removes what a killed download left', async () => {
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  await mkdir(scratch.at('home', 'store', 'incoming'), { recursive: true });
  await writeFile(scratch.at('home', 'store', 'incoming', 'half'), 'half');

  await rig.sweep();
  rig.pass(3 * HOUR_MS);

  assert.equal((await rig.sweep()).count, 1);
  assert.deepEqual(await readdir(scratch.at('home', 'store', 'incoming')), []);
});

test('collectDigests() refuses a record that is torn: nobody knows what it named', async () => {
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  await rig.refer('good', 'a'.repeat(64));
  await writeFile(scratch.at('home', 'cells', 'lab', 'torn.json'), '["aaaa');

  await assert.rejects(rig.sweep(), /Cannot read state ".*torn\.json": expected JSON/);
});

test('the store gives back every file that was referred to, whatever sweeps come between', async () => {
  const seed = Number(process.env.REKMOD_SEED ?? 1);
  const random = seededRandom(seed);
  await using scratch = await makeScratch();
  const rig = await makeRig(scratch);
  const referred = new Map<string, string>();
  let removed = 0;

  /** As an activity does: takes the file up, and some time later a record names it. */
  async function useFile(step: number): Promise<void> {
    const text = `content ${random(8)}`;
    const stored = await rig.store.addText(text);
    if (random(2) === 0) await rig.store.require(stored);
    // Less than the grace may pass before the record is there, in uptime; sweeps come as they like.
    if (random(2) === 0) await rig.sweep();
    await rig.refer(`${step % 4}`, stored.sha256);
    referred.set(`${step % 4}`, stored.sha256);
  }

  for (let step = 0; step < 30; step += 1) {
    rig.pass(random(3) * HOUR_MS);
    // What is taken up while it becomes ripe, and referred to a moment later, is the danger.
    const sweeping = rig.sweep();
    const using = Promise.all([useFile(step), useFile(step + 1)]);
    removed += (await sweeping).count;
    await using;
    for (const sha256 of referred.values()) {
      // Not asked of the store: that would be a use.
      assert.ok(existsSync(rig.store.pathOf(sha256)), `seed ${seed}, step ${step}`);
    }
  }

  assert.ok(removed > 0, 'some sweep removes something');
});

test('a store that a power cut left a torn file in takes the content again', async () => {
  await using scratch = await makeScratch();
  const { store } = await makeRig(scratch);
  const stored = await store.addText('whole');
  await writeFile(store.pathOf(stored.sha256), 'who');

  await assert.rejects(store.require(stored), /expected 5 bytes, found 3/);
  await store.addText('whole');

  await store.require(stored);
});
