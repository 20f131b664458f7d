import assert from 'node:assert/strict';
import test from 'node:test';
import type { SnapshotCause, SnapshotContent } from '../../model/snapshot.ts';
import { findRollbackTarget, planRollback } from '../../plan/plan-rollback.ts';
import { listedOf } from './listed-packages.ts';

const REASON = { since: '2026-11-23T12:00:00.000Z', by: 'ann', why: 'oops in jool' };
const [A, B, C] = [1, 2, 3].map((number) => listedOf({ release: '6.1.0-1' }, number));
assert.ok(A && B && C);

function contentOf(...packages: SnapshotContent['packages']): SnapshotContent {
  return { packages, withheld: [], lingering: {} };
}

test('planRollback() lists what was listed, and withholds what came after it with who and why', () => {
  const plan = planRollback(contentOf(A, B), contentOf(A, C), REASON);

  assert.deepEqual(plan.packages, [A, C]);
  assert.deepEqual(plan.withheld, [{ ...B, ...REASON }]);
  assert.deepEqual([...plan.removed], [[B.fileName, 'rolled-back']]);
});

test('planRollback() goes on withholding what an earlier rollback took away', () => {
  const first = planRollback(contentOf(A, B, C), contentOf(A, B), REASON);
  const served = { ...first, lingering: {} };

  const second = planRollback(served, contentOf(A), { ...REASON, by: 'bob' });

  assert.deepEqual(
    second.withheld.map(({ fileName, by }) => [fileName, by]),
    [
      [C.fileName, 'ann'],
      [B.fileName, 'bob'],
    ],
  );
});

test('planRollback() withholds nothing of what it lists again', () => {
  const first = planRollback(contentOf(A, B), contentOf(A), REASON);

  const back = planRollback({ ...first, lingering: {} }, contentOf(A, B), REASON);

  assert.deepEqual(back.withheld, []);
  assert.deepEqual(back.packages, [A, B]);
});

test('findRollbackTarget() goes one snapshot back, and further the second time', () => {
  const snapshots = ['000003', '000005', '000006', '000007'];
  const find = (snapshot: string, cause: SnapshotCause): string | undefined =>
    findRollbackTarget(snapshots, { snapshot, cause });
  const rolledBack = (to: string): SnapshotCause => {
    return { kind: 'rolled-back', to, by: 'ann', why: 'oops', id: 'a' };
  };

  assert.equal(find('000007', { kind: 'published' }), '000006');
  assert.equal(find('000007', rolledBack('000006')), '000005');
  assert.equal(find('000007', rolledBack('000004')), '000003');
  assert.equal(find('000003', { kind: 'published' }), undefined);
});
