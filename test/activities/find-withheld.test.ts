import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { writeJson } from '../../activities/atomic-file.ts';
import { gatherStatus } from '../../activities/gather-status.ts';
import { outcomeActivities } from '../../activities/outcomes.ts';
import type { CellOutcome } from '../../model/cell.ts';
import type { Verdict } from '../../model/verdict.ts';
import { listedOf } from '../plan/listed-packages.ts';
import { inActivity } from '../support/activity-context.ts';
import { makeDataRig, NOW, settingsOf } from '../support/data-rig.ts';
import { INPUT, kernelOf, kmodOf, SOURCE } from '../support/plan-facts.ts';

const [OLD, NEW, OTHER] = ['5.14.0-1.el9', '5.14.0-2.el9', '5.14.0-3.el9'].map((evr) =>
  kernelOf(evr),
);
assert.ok(OLD && NEW && OTHER);

test('gatherStatus() shows cells whose modules a rollback took away, with who and why', async () => {
  await using rig = await makeDataRig();
  const { release } = OLD;
  const taken = listedOf({ release }, 1);
  const published: CellOutcome = {
    ...{ kind: 'published', packages: [taken], repository: 'kmods', snapshot: '000001' },
    build: {
      ...{ inputDigest: INPUT, sourceDigest: SOURCE, buildNumber: 1, durationMs: 1 },
      modules: { ...(await rig.store.addText('[]')), moduleCount: 1 },
      attemptLog: 'logs/a.log',
    },
  };
  const kept: Verdict = { kind: 'keep', why: 'compatible', donor: release, importCount: 1 };
  const ends: readonly (readonly [string, Verdict, CellOutcome])[] = [
    [release, { kind: 'rebuild', why: 'never-built' }, published],
    [NEW.release, kept, { kind: 'kept' }],
    [OTHER.release, { kind: 'rebuild', why: 'forced' }, { kind: 'cancelled' }],
  ];
  for (const kernel of [OLD, NEW, OTHER]) await rig.records.writeKernel(kernel);
  for (const [of, verdict, outcome] of ends) {
    const end = { stream: 'lab', kmod: 'jool', release: of, arch: 'x86_64', verdict, outcome };
    await inActivity(() => outcomeActivities(rig).recordOutcome(end));
  }
  const reason = { since: NOW, by: 'ann', why: 'oops' };
  const content = { packages: [], withheld: [{ ...taken, ...reason }], lingering: {} };
  const gather = () =>
    gatherStatus({
      ...{ records: rig.records, now: rig.now, active: [], repositoryUrl: () => 'http://x' },
      settings: settingsOf({ kmods: [kmodOf('jool')] }),
    });
  const before = await gather();

  await writeJson(join(rig.data.repositories, 'kmods', 'current', '.packages.json'), content);
  const { cells } = await gather();

  assert.deepEqual(
    before.cells.map(({ state }) => state),
    ['built', 'kept', 'cancelled'],
  );
  assert.deepEqual(
    cells.map(({ state, sentence, withheld }) => [state, sentence, withheld]),
    [
      ['withheld', 'rolled back by ann: oops', reason],
      ['withheld', 'rolled back by ann: oops', reason],
      ['cancelled', 'cancelled by hand', undefined],
    ],
  );
});
