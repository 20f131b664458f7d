import assert from 'node:assert/strict';
import test from 'node:test';
import type { SnapshotRecord } from '../../model/snapshot.ts';
import { snapshotsToText } from '../../report/snapshots-text.ts';

const STYLE = { columns: 100, color: false };

function recordOf(snapshot: string, changes: Partial<SnapshotRecord> = {}): SnapshotRecord {
  return {
    ...{ schema: 1, snapshot, writtenAt: '2026-11-23T12:08:09.123Z', packageCount: 2 },
    ...{ cause: { kind: 'published' }, added: [], removed: [], checkedBy: ['rekmod', 'dnf'] },
    ...changes,
  };
}

test('snapshotsToText() tells the newest first what each changed, why, and which is served', () => {
  const removed = [
    { fileName: 'kmod-a-1.rpm', why: 'superseded' },
    { fileName: 'kmod-b-1.rpm', why: 'kernel-gone' },
    { fileName: 'kmod-c-1.rpm', why: 'superseded' },
  ] as const;
  const cause = { kind: 'rolled-back', to: '000001', by: 'ann', why: 'oops', id: 'x' } as const;
  const snapshots = [
    { snapshot: '000001', isServed: false },
    {
      snapshot: '000002',
      isServed: false,
      record: recordOf('000002', { added: ['kmod-a-2.rpm'], removed, checkedBy: ['rekmod'] }),
    },
    { snapshot: '000003', isServed: true, record: recordOf('000003', { cause, packageCount: 1 }) },
  ];
  const since = '2026-11-23T12:08:09.123Z';
  const withheld = [{ fileName: 'kmod-a-2.rpm', by: 'ann', why: 'oops', since }];

  assert.equal(
    snapshotsToText({ repository: 'kmods', snapshots, withheld }, STYLE),
    `kmods: 3 snapshots
000003  served  2026-11-23 12:08 UTC     1 package  rolled back to 000001 by ann: oops
000002          2026-11-23 12:08 UTC    2 packages  published
        + kmod-a-2.rpm
        - kmod-b-1.rpm (its kernel is gone)
        - kmod-a-1.rpm, kmod-c-1.rpm (newer builds are there)
        not read by dnf, which is not there
000001          written by an earlier version
withheld, until a build with a higher number comes:
  kmod-a-2.rpm (by ann, 2026-11-23 12:08 UTC: oops)
`,
  );
});

test('snapshotsToText() names the first of many packages and shows no control characters', () => {
  const added = Array.from({ length: 9 }, (_, index) => `kmod-${index}.rpm`);
  const cause = { kind: 'view', sentence: 'released\u001b[31m' } as const;
  const record = recordOf('000001', { added, cause });
  const snapshots = [{ snapshot: '000001', isServed: true, record }];

  const text = snapshotsToText({ repository: 'kmods', snapshots, withheld: [] }, STYLE);

  assert.match(text, /kmod-5\.rpm and 3 more$/m);
  assert.ok(!text.includes('\u001b'));
});
