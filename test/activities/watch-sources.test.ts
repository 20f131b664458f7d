import assert from 'node:assert/strict';
import { cp, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { digestCellInput } from '../../activities/digest-cell-input.ts';
import { outcomeActivities } from '../../activities/outcomes.ts';
import {
  type SourcesLook,
  type WatchSourcesActivities,
  watchSourcesActivities,
} from '../../activities/watch-sources.ts';
import type { CellOutcome } from '../../model/cell.ts';
import type { Kmod } from '../../model/kmod.ts';
import { TARGET } from '../containers/backend-rig.ts';
import { fixturePath } from '../kabi/fixtures.ts';
import { inActivity } from '../support/activity-context.ts';
import { type DataRig, makeDataRig, settingsOf, streamOf } from '../support/data-rig.ts';
import { kernelOf, kmodOf } from '../support/plan-facts.ts';

const SPEC = await readFile(fixturePath('specs/elrepo9.spec'), 'utf8');
const OLDEST = '5.14.0-427.x86_64';
const OLD = '5.14.0-503.x86_64';
const NEW = '5.14.0-611.x86_64';
const FAILED: CellOutcome = { kind: 'failed', step: 'build', reason: 'no', durationMs: 1 };

interface SourcesRig extends AsyncDisposable {
  readonly rig: DataRig;
  readonly activities: WatchSourcesActivities;
  /** How often a source was read. */
  readCount(): number;
  look(): Promise<SourcesLook>;
  /** As a workflow does: everything found is handed on. */
  lookAndAcknowledge(): Promise<SourcesLook>;
  /** A rollout ends a cell: with the source as it is now. */
  end(kmod: string, release: string, outcome?: CellOutcome): Promise<void>;
  change(kmod: string, text: string): Promise<void>;
  /** From now on it is so much later. */
  wait(durationMs: number): void;
}

/** Specs with sources of a stream with three kernels, of which two are kept; it is always an hour later. */
async function startSourcesRig(
  names: readonly string[] = ['jool'],
  changes: Partial<Kmod> = {},
): Promise<SourcesRig> {
  const rig = await makeDataRig();
  const placeOf = (name: string): string => rig.scratch.at('kmods', name);
  const kmods: Kmod[] = [];
  for (const name of names) {
    await mkdir(placeOf(name), { recursive: true });
    const spec = `${placeOf(name)}/${name}.spec`;
    await writeFile(spec, SPEC);
    await writeFile(`${placeOf(name)}/main.c`, 'first');
    kmods.push(
      kmodOf(name, { source: { kind: 'spec', spec, sources: placeOf(name) }, ...changes }),
    );
  }
  for (const evr of ['5.14.0-427', '5.14.0-503', '5.14.0-611']) {
    await rig.records.writeKernel(kernelOf(evr));
  }
  const settings = settingsOf({ streams: [streamOf({ keepKernels: 2 })], kmods });
  let readCount = 0;
  let lateMs = 3_600_000;
  const activities = watchSourcesActivities({
    settings,
    records: rig.records,
    now: () => new Date(Date.now() + lateMs),
    async readKmod(kmod, options) {
      readCount += 1;
      return await rig.readKmod(kmod, options);
    },
  });
  const look = () => inActivity(() => activities.lookAtSources());
  return {
    rig,
    activities,
    readCount: () => readCount,
    look,
    async lookAndAcknowledge() {
      const found = await look();
      await inActivity(() => activities.acknowledgeSources(found));
      return found;
    },
    async end(kmod, release, outcome = FAILED) {
      const found = kmods.find(({ name }) => name === kmod);
      assert.ok(found);
      const { signal } = new AbortController();
      const kernel = await rig.records.readKernel({ stream: 'lab', release });
      assert.ok(kernel);
      const input = await rig.readKmod(found, { signal });
      const inputDigest = digestCellInput(input, { kernel, target: TARGET });
      await inActivity(() =>
        outcomeActivities(rig).recordOutcome({
          ...{ stream: 'lab', kmod, release, arch: 'x86_64', outcome },
          verdict: { kind: 'rebuild', why: 'never-built' },
          ...{ sourceDigest: input.sourceDigest, inputDigest },
        }),
      );
    },
    async change(kmod, text) {
      await writeFile(`${placeOf(kmod)}/main.c`, text);
    },
    wait(durationMs) {
      lateMs += durationMs;
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}

test('lookAtSources() leaves kernels alone that no rollout has dealt with', async () => {
  await using sources = await startSourcesRig();

  const { message, work, kernels } = await sources.look();

  assert.deepEqual([message, work, kernels], ['No source asks for a rebuild', [], []]);
});

test('lookAtSources() finds the kernels in retention that a new source may help, newest first', async () => {
  await using sources = await startSourcesRig();
  for (const release of [OLDEST, OLD, NEW]) await sources.end('jool', release);
  await sources.look();
  await sources.change('jool', 'second');

  const { message, changes, kernels } = await sources.look();

  assert.equal(message, '1 of 1 kmods has a new source');
  assert.deepEqual(changes, [
    `jool: new source 1.2 (files beside the spec changed): rebuild for ${NEW}, ${OLD}`,
  ]);
  assert.deepEqual(
    kernels,
    [NEW, OLD].map((release) => ({ stream: 'lab', release, kmods: ['jool'] })),
  );
});

test('lookAtSources() finds the same again until it was handed on, and then nothing', async () => {
  await using sources = await startSourcesRig();
  await sources.end('jool', NEW);
  await sources.look();
  await sources.change('jool', 'second');
  await sources.look();

  const again = await sources.lookAndAcknowledge();
  const after = await sources.look();

  assert.deepEqual([again.kernels.length, after.kernels.length], [1, 0]);
});

test('lookAtSources() hands a source on again whose rollout never came to plan it', async () => {
  await using sources = await startSourcesRig();
  await sources.end('jool', NEW);
  await sources.change('jool', 'second');
  await sources.lookAndAcknowledge();

  sources.wait(5 * 3_600_000);
  const soon = await sources.look();
  sources.wait(2 * 3_600_000);
  const late = await sources.look();

  assert.deepEqual(soon.kernels, []);
  assert.deepEqual(
    late.kernels.map(({ release }) => release),
    [NEW],
  );
});

test('lookAtSources() does not have the same source tried again, but the next one', async () => {
  await using sources = await startSourcesRig();
  await sources.end('jool', NEW);
  await sources.change('jool', 'second');
  await sources.end('jool', NEW);

  const same = await sources.look();
  await sources.change('jool', 'third');
  const next = await sources.look();

  assert.deepEqual([same.kernels.length, next.kernels.length], [0, 1]);
});

test('lookAtSources() does not read files that look as before', async () => {
  await using sources = await startSourcesRig();
  await sources.look();
  const before = sources.readCount();

  await sources.look();
  const unchanged = sources.readCount() - before;
  await sources.change('jool', 'second, longer');
  await sources.look();

  assert.deepEqual([unchanged, sources.readCount() - before], [0, 1]);
});

test('lookAtSources() leaves out kernels that the kmod is not for', async () => {
  await using sources = await startSourcesRig(['jool'], { maxKernel: '5.14.0-503' });
  for (const release of [OLD, NEW]) await sources.end('jool', release);
  await sources.change('jool', 'second');

  const { kernels } = await sources.look();

  assert.deepEqual(
    kernels.map(({ release }) => release),
    [OLD],
  );
});

test('lookAtSources() tells of a source that cannot be read, and looks at the others', async () => {
  await using sources = await startSourcesRig(['gone', 'jool']);
  for (const kmod of ['gone', 'jool']) await sources.end(kmod, NEW);
  await sources.look();
  await sources.change('jool', 'second');
  await rm(sources.rig.scratch.at('kmods', 'gone'), { recursive: true });

  const { kernels, unreadable, message } = await sources.look();

  assert.deepEqual(
    kernels.map(({ kmods }) => kmods),
    [['jool']],
  );
  assert.match(unreadable[0]?.reason ?? '', /^Cannot read the source of "gone"/);
  assert.equal(message, '1 of 2 kmods has a new source; 1 could not be read');
});

test('lookAtSources() reads a source that is back, and forgets that it was not', async () => {
  await using sources = await startSourcesRig();
  const place = sources.rig.scratch.at('kmods', 'jool');
  await sources.end('jool', NEW);
  await sources.look();
  await cp(place, `${place}.away`, { recursive: true });
  await rm(place, { recursive: true });
  await sources.look();
  await cp(`${place}.away`, place, { recursive: true });

  const { unreadable, kernels } = await sources.look();

  assert.deepEqual([unreadable, kernels], [[], []]);
  assert.equal((await sources.rig.records.readSources())?.kmods.jool?.reason, undefined);
});

test('lookAtSources() concludes nothing of files that changed a moment before, until they stay', async () => {
  await using sources = await startSourcesRig();
  await sources.end('jool', NEW);
  await sources.look();
  await sources.change('jool', 'half of it');
  // A copy may have the times of its original.
  const long = new Date('2020-01-01T00:00:00Z');
  await utimes(sources.rig.scratch.at('kmods', 'jool', 'main.c'), long, long);
  const { rig } = sources;
  const settings = settingsOf({
    streams: [streamOf({ keepKernels: 2 })],
    kmods: [
      kmodOf('jool', {
        source: {
          kind: 'spec',
          spec: rig.scratch.at('kmods', 'jool', 'jool.spec'),
          sources: rig.scratch.at('kmods', 'jool'),
        },
      }),
    ],
  });
  const { lookAtSources } = watchSourcesActivities({ ...rig, settings, now: () => new Date() });

  const first = await inActivity(() => lookAtSources());
  await sources.change('jool', 'all of it');
  const second = await inActivity(() => lookAtSources());
  const third = await inActivity(() => lookAtSources());

  const looks = [first, second, third];
  assert.deepEqual(
    looks.map(({ unsettled, kernels }) => [unsettled.length, kernels.length]),
    [
      [1, 0],
      [1, 0],
      [0, 1],
    ],
  );
});
