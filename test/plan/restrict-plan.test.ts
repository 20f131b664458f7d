import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlannedCell, RebuildPlan } from '../../model/plan.ts';
import type { Verdict } from '../../model/verdict.ts';
import { findDependants, restrictPlan } from '../../plan/restrict-plan.ts';

const BUILD: Verdict = { kind: 'rebuild', why: 'never-built' };

function planOf(cells: Readonly<Record<string, Partial<PlannedCell>>>): RebuildPlan {
  return {
    ...{ stream: 'lab', release: '6.1', arch: 'x86_64', target: 'lab', repository: 'kmods' },
    cells: Object.entries(cells).map(([kmod, changes]) => ({
      ...{ stream: 'lab', kmod, release: '6.1', arch: 'x86_64', verdict: BUILD, wave: 0 },
      ...{ needs: [], required: false, sourceDigest: 's', inputDigest: 'i', buildNumber: 1 },
      ...changes,
    })),
  };
}

/** The verdict of a kmod that needs `core` and is looked at alone. */
function alone(core: Partial<PlannedCell>): Verdict | undefined {
  const plan = planOf({ core, user: { needs: ['core'] } });
  return restrictPlan(plan, new Set(['user'])).cells[0]?.verdict;
}

const BLOCKED: Verdict = { kind: 'blocked', by: 'core' };
const OTHER = { donor: '6.0' } as const;

const CASES: readonly [why: string, core: Partial<PlannedCell>, verdict: Verdict][] = [
  ['was never built', {}, BLOCKED],
  ['is blocked itself', { verdict: { kind: 'blocked', by: 'x' } }, BLOCKED],
  [
    'has a build for another kernel and another source',
    { verdict: { kind: 'rebuild', why: 'source-changed', ...OTHER } },
    BLOCKED,
  ],
  [
    'works and has only a newer source',
    { verdict: { kind: 'rebuild', why: 'source-changed', ...OTHER }, buildNumber: 2 },
    BUILD,
  ],
  ['is kept', { verdict: { kind: 'keep', why: 'built-for-this-kernel' } }, BUILD],
  [
    'is not for this kernel',
    { verdict: { kind: 'excluded', why: 'kernel-too-new', limit: '6' } },
    BUILD,
  ],
];

for (const [why, core, verdict] of CASES) {
  test(`restrictPlan() ${verdict === BUILD ? 'builds' : 'blocks'} what needs a kmod that ${why}`, () => {
    assert.deepEqual(alone(core), verdict);
  });
}

test('restrictPlan() blocks nothing whose provider is built as well, nor what is kept', () => {
  const keep = { kind: 'keep', why: 'built-for-this-kernel' } as const;
  const plan = planOf({
    core: {},
    user: { needs: ['core'], wave: 1 },
    kept: { needs: ['left'], verdict: keep },
    left: {},
  });

  const { cells } = restrictPlan(plan, new Set(['core', 'user', 'kept']));

  assert.deepEqual(
    cells.map(({ kmod, verdict, wave }) => [kmod, verdict, wave]),
    [
      ['core', BUILD, 0],
      ['user', BUILD, 1],
      ['kept', keep, 0],
    ],
  );
});

test('findDependants() finds who needs a kmod, be it by way of others', () => {
  const plan = planOf({
    core: {},
    user: { needs: ['core'] },
    addon: { needs: ['user'] },
    free: { needs: ['other'] },
    other: {},
  });

  assert.deepEqual([...findDependants(plan, ['core'])].sort(), ['addon', 'user']);
  assert.deepEqual([...findDependants(plan, ['free'])], []);
});
