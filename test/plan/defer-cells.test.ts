import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellRecord } from '../../model/cell.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { type DeferFacts, deferCells } from '../../plan/defer-cells.ts';
import { FAILURES } from '../support/data-rig.ts';
import { SOURCE } from '../support/plan-facts.ts';
import { cellOf, planOf } from '../workflows/cells.ts';
import { FAILED, hour, PUBLISHED, recordOf } from './failure-records.ts';

const RELEASE = 'k5';

function cell(kmod: string, changes: Partial<PlannedCell> = {}): PlannedCell {
  const inputDigest = `input of ${RELEASE}`;
  return cellOf(kmod, RELEASE, { sourceDigest: SOURCE, inputDigest, ...changes });
}

function whysOf(
  cells: readonly PlannedCell[],
  records: readonly CellRecord[],
  changes: Partial<DeferFacts> = {},
): readonly string[] {
  const plan = deferCells(planOf(RELEASE, cells), {
    ...{ now: hour(12), settings: FAILURES, toolchain: 'image-1', isNewest: false, forced: [] },
    recordsOf: new Map([['jool', records]]),
    ...changes,
  });
  return plan.cells.map(
    ({ kmod, verdict, deferral }) => `${kmod} ${deferral?.why ?? verdict.kind}`,
  );
}

const jool = cell('jool');
const failedBefore = [recordOf(RELEASE, 6, FAILED)];
const threeFailures = [
  recordOf('k1', 1, PUBLISHED),
  recordOf('k2', 2, FAILED),
  recordOf('k3', 3, FAILED),
  recordOf('k4', 4, FAILED),
];

test('deferCells() does not build again what failed of the same source and toolchain', () => {
  assert.deepEqual(whysOf([jool], failedBefore), ['jool failed-before']);
  assert.deepEqual(whysOf([jool], failedBefore, { isNewest: true }), ['jool failed-before']);
});

for (const [title, change, cellChange] of [
  ['another source', {}, { sourceDigest: 'new' }],
  ['another toolchain', { toolchain: 'image-2' }, {}],
  ['a memory that expired', { now: hour(6 + 7 * 24) }, {}],
  ['somebody who asks for it', { forced: ['jool'] }, {}],
] as const) {
  test(`deferCells() builds again what failed before with ${title}`, () => {
    assert.deepEqual(whysOf([cell('jool', cellChange)], failedBefore, change), ['jool rebuild']);
  });
}

test('deferCells() builds what failed for trouble of the machine', () => {
  const outcome = { ...FAILED, trouble: 'engine' } as const;

  assert.deepEqual(whysOf([jool], [recordOf(RELEASE, 6, outcome)]), ['jool rebuild']);
});

test('deferCells() opens the circuit after three failed kernels in a row, but for the newest kernel', () => {
  assert.deepEqual(whysOf([jool], threeFailures), ['jool circuit-open']);
  assert.deepEqual(whysOf([jool], threeFailures, { isNewest: true }), ['jool rebuild']);
  assert.deepEqual(whysOf([jool], threeFailures.slice(0, 3)), ['jool rebuild']);
});

test('deferCells() says since when the circuit is open, after how many failures and of what', () => {
  const plan = deferCells(planOf(RELEASE, [jool]), {
    ...{ now: hour(12), settings: FAILURES, isNewest: false, forced: [] },
    recordsOf: new Map([['jool', [...threeFailures, recordOf('k6', 8, FAILED)]]]),
  });

  assert.deepEqual(plan.cells[0]?.deferral, {
    ...{ why: 'circuit-open', since: hour(4), failureCount: 4 },
    ...{ release: 'k6', reason: 'x.c:1: error: no' },
  });
});

for (const [title, records, changes, cellChange] of [
  ['a success since', [...threeFailures, recordOf('k6', 7, PUBLISHED)], {}, {}],
  ['a new source', threeFailures, {}, { sourceDigest: 'new' }],
  ['another toolchain', threeFailures, { toolchain: 'image-2' }, {}],
  ['failures that are forgotten', threeFailures, { now: hour(3 + 7 * 24) }, {}],
  ['a configuration without', threeFailures, { settings: { ...FAILURES, breakAfter: 0 } }, {}],
  ['somebody who asks for it', threeFailures, { forced: ['jool'] }, {}],
] as const) {
  test(`deferCells() closes the circuit with ${title}`, () => {
    assert.deepEqual(whysOf([cell('jool', cellChange)], records, changes), ['jool rebuild']);
  });
}

test('deferCells() does not count trouble of the machine as a failed kernel', () => {
  const trouble = { ...FAILED, trouble: 'mirror' } as const;
  const records = [...threeFailures.slice(0, 3), recordOf('k4', 4, trouble)];

  assert.deepEqual(whysOf([jool], records), ['jool rebuild']);
});

test('deferCells() blocks what needs a kmod that is put off, be it by way of others', () => {
  const cells = [
    jool,
    cell('user', { wave: 1, needs: ['jool'] }),
    cell('user-of-user', { wave: 2, needs: ['user'] }),
    cell('kept', { needs: ['jool'], verdict: { kind: 'keep', why: 'built-for-this-kernel' } }),
    cell('other'),
  ];

  assert.deepEqual(whysOf(cells, failedBefore), [
    'jool failed-before',
    'user blocked',
    'user-of-user blocked',
    'kept keep',
    'other rebuild',
  ]);
});
