import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import type { Verdict } from '../../model/verdict.ts';
import { describeOutcome, describeVerdict } from '../../report/describe-verdict.ts';
import { COMPATIBLE, CRC_CHANGED, failed, published, SYMBOL_LOST } from './sample-status.ts';

const donor = '6.1.0-53-amd64';
const EMPTY = { lostCount: 0, refusedCount: 0, crcCount: 0, shown: [] };

const VERDICTS: readonly (readonly [Verdict, string])[] = [
  [
    CRC_CHANGED,
    'rebuild: 41 imported symbols changed their CRC since 5.14.0-611.el9.x86_64, first `usb_register_driver` (0x0b1c2d3e → 0x11223344, vmlinux)',
  ],
  [
    {
      kind: 'rebuild',
      why: 'crc-changed',
      donor,
      problems: {
        lostCount: 0,
        refusedCount: 0,
        crcCount: 1,
        shown: [{ kind: 'crc', symbol: 'f', usedBy: 'm', wantedCrc: 0, foundCrc: 0xffffffff }],
      },
    },
    'rebuild: 1 imported symbol changed its CRC since 6.1.0-53-amd64: `f` (0x00000000 → 0xffffffff)',
  ],
  [SYMBOL_LOST, 'broken: `strlcpy` is gone (used by jool), a build is tried but expected to fail'],
  [
    {
      kind: 'broken',
      why: 'symbols-lost',
      donor,
      problems: {
        lostCount: 1200,
        refusedCount: 0,
        crcCount: 3,
        shown: [
          { kind: 'lost', symbol: 'a', usedBy: 'm', wantedCrc: 1 },
          { kind: 'lost', symbol: 'b', usedBy: 'm', wantedCrc: 2 },
        ],
      },
    },
    'broken: 1,200 imported symbols are gone, first `a` and `b` (used by m), a build is tried but expected to fail',
  ],
  [
    COMPATIBLE,
    'keep: all 231 imports resolve with the same CRC as in the build for 5.14.0-610.el9.x86_64; the modules load as they are',
  ],
  [
    { kind: 'keep', why: 'built-for-this-kernel' },
    'keep: built for this kernel, nothing changed since',
  ],
  [{ kind: 'rebuild', why: 'never-built' }, 'rebuild: never built before'],
  [{ kind: 'rebuild', why: 'forced' }, 'rebuild: asked for by hand'],
  [
    { kind: 'rebuild', why: 'source-changed', donor },
    'rebuild: spec or sources changed since the build for 6.1.0-53-amd64',
  ],
  [
    { kind: 'rebuild', why: 'builder-changed', donor },
    'rebuild: the builder changed since the build for 6.1.0-53-amd64',
  ],
  [
    { kind: 'rebuild', why: 'no-modversions', donor, problems: EMPTY },
    'rebuild: the build for 6.1.0-53-amd64 carries no CRCs, so nothing shows that it fits',
  ],
  [
    {
      kind: 'rebuild',
      why: 'vermagic-changed',
      donor,
      found: '6.1.0-53-amd64 SMP mod_unload',
      expected: 'SMP preempt mod_unload',
    },
    'rebuild: the kernel is configured otherwise: vermagic "SMP preempt mod_unload", of the build for 6.1.0-53-amd64 "6.1.0-53-amd64 SMP mod_unload"',
  ],
  [
    { kind: 'rebuild', why: 'provider-rebuilt', provider: 'mlnx-ofa', donor },
    'rebuild: mlnx-ofa, which it needs, is rebuilt',
  ],
  [
    { kind: 'excluded', why: 'kernel-too-old', limit: '5.14.0-427' },
    'excluded: the kernel is older than 5.14.0-427, the oldest that this kmod is built for',
  ],
  [
    { kind: 'excluded', why: 'kernel-too-new', limit: '6.12' },
    'excluded: the kernel is newer than 6.12, the newest that this kmod is built for',
  ],
  [
    { kind: 'excluded', why: 'source-excludes', limit: 'BUILD_EXCLUSIVE_ARCH="i.86"' },
    'excluded: its source is not for this kernel (BUILD_EXCLUSIVE_ARCH="i.86")',
  ],
  [{ kind: 'blocked', by: 'jool' }, 'blocked: it needs jool, which could not be built'],
  [
    { kind: 'blocked', by: 'b', cycle: ['a', 'b', 'a'] },
    'blocked: it needs itself (a → b → a), so that no order of builds is possible',
  ],
];

for (const [verdict, expected] of VERDICTS) {
  test(`describeVerdict() explains ${verdict.kind}: ${'why' in verdict ? verdict.why : ''} ${expected.length}`, () => {
    assert.equal(describeVerdict(verdict), expected);
  });
}

function unchanged(durationMs: number): CellOutcome {
  const outcome = published(durationMs);
  assert.ok(outcome.kind === 'published');
  return { ...outcome, isUnchanged: true };
}

const OUTCOMES: readonly (readonly [CellOutcome, string])[] = [
  [published(36_100), 'built in 36 s: 0 packages in kmods, snapshot 000007'],
  [
    unchanged(12_000),
    'built in 12 s, identical to what is published: 0 packages in kmods since snapshot 000007',
  ],
  [{ kind: 'kept' }, 'kept: the published modules are used as they are'],
  [{ kind: 'excluded' }, 'excluded: out of the range of kernels that this kmod is built for'],
  [{ kind: 'blocked', by: 'a' }, 'blocked: it needs a, which could not be built'],
  [failed('x.c:1: error'), 'failed while building after 12 s: x.c:1: error (exit 2)'],
  [
    { kind: 'failed', step: 'verify', reason: ' ', durationMs: 200_000 },
    'failed while verifying the modules after 3 min: no reason given',
  ],
  [{ kind: 'cancelled' }, 'cancelled by hand'],
];

for (const [outcome, expected] of OUTCOMES) {
  test(`describeOutcome() explains ${outcome.kind}: ${expected}`, () => {
    assert.equal(describeOutcome(outcome), expected);
  });
}

test('describeVerdict() shows hostile names on one line, cut and without control characters', () => {
  const symbol = `\u001b[31m\u202e<script>\n${'x'.repeat(10_000)}`;
  const shown = [{ kind: 'lost', symbol, usedBy: 'm', wantedCrc: 1 }] as const;

  const sentence = describeVerdict({
    kind: 'broken',
    why: 'symbols-lost',
    donor,
    problems: { lostCount: 1, refusedCount: 0, crcCount: 0, shown },
  });

  assert.ok(sentence.length < 200);
  assert.match(sentence, /^broken: `\\u\{1b\}\[31m\\u\{202e\}<script> x+…` is gone \(used by m\)/);
});
