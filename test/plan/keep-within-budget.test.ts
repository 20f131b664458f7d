import assert from 'node:assert/strict';
import test from 'node:test';
import type { PlannedCell } from '../../model/plan.ts';
import { isBuilt } from '../../plan/is-built.ts';
import { keepWithinBudget } from '../../plan/keep-within-budget.ts';
import { cellOf, planOf } from '../workflows/cells.ts';

function cell(kmod: string, expectedSeconds: number, changes: Partial<PlannedCell> = {}) {
  return cellOf(kmod, 'k', { expectedSeconds, required: false, ...changes });
}

function builtOf(cells: readonly PlannedCell[], budgetSeconds: number | undefined): string {
  const budgetMs = budgetSeconds === undefined ? undefined : budgetSeconds * 1000;
  const plan = keepWithinBudget(planOf('k', cells), budgetMs);
  return plan.cells
    .filter(isBuilt)
    .map(({ kmod }) => kmod)
    .join(' ');
}

const CELLS = [
  cell('optional-long', 50),
  cell('optional-short', 10),
  cell('required-long', 40, { required: true }),
  cell('required-short', 20, { required: true }),
];

for (const [title, budget, expected] of [
  [
    'everything without a budget',
    undefined,
    'optional-long optional-short required-long required-short',
  ],
  ['everything that fits', 120, 'optional-long optional-short required-long required-short'],
  ['required kmods first, then what fits', 75, 'optional-short required-long required-short'],
  ['at least one, however long it takes', 1, 'required-long'],
] as const) {
  test(`keepWithinBudget() builds ${title}`, () => {
    assert.equal(builtOf(CELLS, budget), expected);
  });
}

test('keepWithinBudget() says of the rest that it is put off, and blocks what needs it', () => {
  const cells = [
    cell('first', 50, { required: true }),
    cell('provider', 50),
    cell('user', 1, { wave: 1, needs: ['provider'] }),
  ];

  const plan = keepWithinBudget(planOf('k', cells), 60_000);

  const ends = plan.cells.map(({ kmod, verdict, deferral }) => [
    kmod,
    deferral?.why ?? verdict.kind,
  ]);
  assert.deepEqual(ends, [
    ['first', 'rebuild'],
    ['provider', 'over-budget'],
    ['user', 'over-budget'],
  ]);
});

test('keepWithinBudget() takes what a required kmod needs together with it', () => {
  const cells = [
    cell('optional', 30),
    cell('provider', 30),
    cell('user', 30, { required: true, wave: 1, needs: ['provider'] }),
  ];

  assert.equal(builtOf(cells, 60), 'provider user');
});

test('keepWithinBudget() has everything built in the end, a rollout after the other', () => {
  for (const budget of [1, 15, 45, 70]) {
    let left: readonly PlannedCell[] = [...CELLS, cell('unknown', 0), cell('other', 300)];
    for (let rollouts = 0; left.length > 0; rollouts += 1) {
      assert.ok(rollouts < 6, `with ${budget} s: ${left.map(({ kmod }) => kmod).join()}`);
      const plan = keepWithinBudget(planOf('k', left), budget * 1000);
      left = plan.cells.filter((one) => !isBuilt(one)).map(({ deferral: _, ...rest }) => rest);
    }
  }
});
