import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import type { PlannedCell, RebuildPlan } from '../../model/plan.ts';
import type { Verdict } from '../../model/verdict.ts';
import { rolloutMarkdown } from '../../report/rollout-markdown.ts';
import { sizeOf } from '../../report/text-size.ts';
import { COMPATIBLE, CRC_CHANGED, published, SYMBOL_LOST } from './sample-status.ts';

const release = '5.14.0-615.el9.x86_64';

function planOf(verdicts: Readonly<Record<string, Verdict>>): RebuildPlan {
  const key = { stream: 'lab', release, arch: 'x86_64' };
  const rest = { wave: 0, needs: [], required: false, sourceDigest: '0', inputDigest: '0' };
  const cells = Object.entries(verdicts).map(([kmod, verdict]): PlannedCell => {
    return { ...key, kmod, verdict, ...rest, buildNumber: 1 };
  });
  return { ...key, target: 'lab', repository: 'kmods', cells };
}

const FAILED: CellOutcome = {
  ...{ kind: 'failed', step: 'build', why: 'exit', exitCode: 2, durationMs: 1000 },
  reason: 'x.c:1:1: error',
  cause: {
    before: '5.14.0-611',
    after: '5.14.0-615',
    errors: [{ line: 'x', kind: 'lost', symbol: 'strlcpy', provider: 'vmlinux', isForetold: true }],
  },
};

test('rolloutMarkdown() shows each kmod, trouble first, then the symbols, the gravest first', () => {
  const plan = planOf({
    zfs: CRC_CHANGED,
    jool: SYMBOL_LOST,
    dahdi: CRC_CHANGED,
    kvdo: COMPATIBLE,
  });
  const ended = new Map<string, CellOutcome>([
    ['kvdo', { kind: 'kept' }],
    ['zfs', published(36_100)],
    ['jool', FAILED],
  ]);

  assert.equal(
    rolloutMarkdown(plan, ended),
    `**5.14.0-615.el9.x86\\_64**: 1 of 4 kmods is kept, 3 are built, 1 of the builds is expected to fail, time unknown; 3 of 4 have ended.

| kmod | what happens |
| --- | --- |
| jool | jool could not be compiled for kernel 5.14.0-615.el9.x86\\_64, as expected: the kernel function strlcpy, which it uses, is gone; keep that kernel away from machines that need jool until a newer or corrected jool source is there. failed: strlcpy was exported by vmlinux in 5.14.0-611 and is gone in 5.14.0-615, as foretold |
| dahdi | dahdi must be compiled anew for kernel 5.14.0-615.el9.x86\\_64, because 41 of the kernel functions it uses have changed; rekmod does that by itself. |
| zfs | built in 36 s: 0 packages in kmods, snapshot 000007 |
| kvdo | kept: the published modules are used as they are |

| symbol | change | CRC | exported by | kmods |
| --- | --- | --- | --- | --- |
| strlcpy | lost | 0x00000001 → none |  | jool |
| usb\\_register\\_driver | CRC changed | 0x0b1c2d3e → 0x11223344 | vmlinux \\(the kernel's core\\) | zfs, dahdi |`,
  );
});

test('rolloutMarkdown() has room for 300 kmods with hostile names, and says what it leaves out', () => {
  const evil = (index: number) => `${'|<😀'.repeat(200)}${index}`;
  const problems = Array.from({ length: 12 }, (_, index) => {
    return { kind: 'lost', symbol: evil(index), usedBy: evil(0), wantedCrc: 1 } as const;
  });
  const counts = { lostCount: 12, refusedCount: 0, crcCount: 0, shown: problems };
  const verdict: Verdict = {
    kind: 'broken',
    why: 'symbols-lost',
    donor: evil(0),
    problems: counts,
  };
  const names = Array.from({ length: 300 }, (_, index) => evil(index));

  const text = rolloutMarkdown(
    planOf(Object.fromEntries(names.map((name) => [name, verdict]))),
    new Map(),
  );

  assert.ok(sizeOf(text) <= 16_000, String(sizeOf(text)));
  assert.match(text, /… and 2\d\d more kmods/);
  assert.doesNotMatch(text, /<😀/u);
});
