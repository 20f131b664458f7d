import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import type { CauseKind } from '../../model/failure-cause.ts';
import type { ProblemKind } from '../../model/kabi.ts';
import type { LoadTestReport } from '../../model/load-test.ts';
import type { RebuildStep } from '../../model/rebuild-step.ts';
import type { Verdict } from '../../model/verdict.ts';
import { headlineOf } from '../../report/headline.ts';
import { COMPATIBLE, published } from './sample-status.ts';

const kmod = 'dahdi';
const release = '6.1.0-55-amd64';
const donor = '6.1.0-54-amd64';
const AGAIN = 'run "rekmod rebuild dahdi --kernel 6.1.0-55-amd64"';
const NEVER_BUILT: Verdict = { kind: 'rebuild', why: 'never-built' };

function problemsOf(kind: ProblemKind, count: number) {
  const names = ['strlcpy', 'nf_hook', 'kfree'].slice(0, count);
  const isRefused = kind !== 'lost' && kind !== 'crc';
  return {
    lostCount: kind === 'lost' ? count : 0,
    refusedCount: isRefused ? count : 0,
    crcCount: kind === 'crc' ? count : 0,
    shown: names.map((symbol) => ({ kind, symbol, usedBy: kmod, wantedCrc: 1 })),
  };
}

function refused(kind: ProblemKind, count = 1): Verdict {
  return { kind: 'broken', why: 'symbols-refused', donor, problems: problemsOf(kind, count) };
}

function lost(count: number): Verdict {
  return { kind: 'broken', why: 'symbols-lost', donor, problems: problemsOf('lost', count) };
}

function changed(count: number): Verdict {
  return { kind: 'rebuild', why: 'crc-changed', donor, problems: problemsOf('crc', count) };
}

const UNTIL =
  'rekmod tries it all the same, but keep that kernel away from machines that need dahdi until it has succeeded or a newer dahdi source is there.';

const VERDICTS: readonly (readonly [Verdict, string])[] = [
  [COMPATIBLE, 'dahdi goes on working on kernel 6.1.0-55-amd64 as it is; there is nothing to do.'],
  [
    { kind: 'keep', why: 'built-for-this-kernel' },
    'dahdi works on kernel 6.1.0-55-amd64, for which it was compiled; there is nothing to do.',
  ],
  [
    NEVER_BUILT,
    'dahdi must be compiled for kernel 6.1.0-55-amd64, because that has not been done yet; rekmod does that by itself.',
  ],
  [
    { kind: 'rebuild', why: 'forced' },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because somebody asked for it; rekmod does that by itself.',
  ],
  [
    { kind: 'rebuild', why: 'source-changed', donor },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because its source has changed since it was compiled last; rekmod does that by itself.',
  ],
  [
    { kind: 'rebuild', why: 'builder-changed', donor },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because the environment in which it is compiled has changed; rekmod does that by itself.',
  ],
  [
    changed(3),
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because 3 of the kernel functions it uses have changed; rekmod does that by itself.',
  ],
  [
    changed(1),
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because one of the kernel functions it uses has changed; rekmod does that by itself.',
  ],
  [
    { kind: 'rebuild', why: 'no-modversions', donor, problems: problemsOf('crc', 0) },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because nothing in the existing one shows whether it fits; rekmod does that by itself.',
  ],
  [
    { kind: 'rebuild', why: 'vermagic-changed', donor, found: '6.1.0 SMP', expected: 'preempt' },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because the kernel is configured otherwise now, and would refuse the existing one; rekmod does that by itself.',
  ],
  [
    {
      kind: 'rebuild',
      why: 'vermagic-changed',
      donor,
      found: '6.1.0-54-amd64 SMP mod_unload modversions ',
      expected: 'SMP preempt mod_unload modversions',
    },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because the kernel is configured otherwise now, and would refuse the existing one; rekmod does that by itself.',
  ],
  [
    { kind: 'rebuild', why: 'provider-rebuilt', provider: 'mlnx-ofa', donor },
    'dahdi must be compiled anew for kernel 6.1.0-55-amd64, because mlnx-ofa, on which it builds, is compiled anew; rekmod does that by itself.',
  ],
  [
    lost(1),
    `dahdi is expected not to compile for kernel 6.1.0-55-amd64: the kernel function strlcpy, which it uses, is gone; ${UNTIL}`,
  ],
  [
    lost(3),
    `dahdi is expected not to compile for kernel 6.1.0-55-amd64: 3 of the kernel functions it uses are gone (strlcpy, nf_hook, …); ${UNTIL}`,
  ],
  [
    refused('gpl-only'),
    `dahdi is expected not to compile for kernel 6.1.0-55-amd64: the kernel function strlcpy, which it uses, is reserved for modules under the GPL by now; ${UNTIL}`,
  ],
  [
    refused('namespace'),
    `dahdi is expected not to compile for kernel 6.1.0-55-amd64: the kernel function strlcpy, which it uses, must be asked for in a new way, which its source does not do; ${UNTIL}`,
  ],
  [
    refused('duplicate'),
    `dahdi is expected not to compile for kernel 6.1.0-55-amd64: the kernel has a function strlcpy of its own by now, which dahdi brings as well; ${UNTIL}`,
  ],
  [
    refused('gpl-only', 2),
    `dahdi is expected not to compile for kernel 6.1.0-55-amd64: the kernel refuses it 2 of the functions it uses (strlcpy, nf_hook); ${UNTIL}`,
  ],
  [
    { kind: 'excluded', why: 'kernel-too-old', limit: '6.2' },
    'dahdi is not compiled for kernel 6.1.0-55-amd64, because its configuration limits it to kernels from 6.2 on; there is nothing to do, unless that limit (minKernel) is out of date.',
  ],
  [
    { kind: 'excluded', why: 'kernel-too-new', limit: '5.14' },
    'dahdi is not compiled for kernel 6.1.0-55-amd64, because its configuration limits it to kernels up to 5.14; there is nothing to do, unless that limit (maxKernel) is out of date.',
  ],
  [
    { kind: 'excluded', why: 'source-excludes', limit: 'BUILD_EXCLUSIVE_CONFIG="CONFIG_X"' },
    'dahdi is not compiled for kernel 6.1.0-55-amd64, because its own source is not for that kernel (BUILD_EXCLUSIVE_CONFIG="CONFIG_X"); there is nothing to do, unless a newer source is.',
  ],
  [
    { kind: 'excluded', why: 'frozen', limit: 'by ada: it loses data' },
    'dahdi is not compiled for kernel 6.1.0-55-amd64, because it is frozen (by ada: it loses data); thaw it with "rekmod thaw dahdi" when that is over.',
  ],
  [
    { kind: 'blocked', by: 'jool' },
    `dahdi was not compiled for kernel 6.1.0-55-amd64, because it needs jool, which could not be compiled for it; see to jool first, then ${AGAIN}.`,
  ],
];

function failed(change: Partial<Extract<CellOutcome, { kind: 'failed' }>> = {}): CellOutcome {
  const reason = 'x.c:1:1: error: implicit declaration of function ‘strlcpy’';
  return { kind: 'failed', step: 'build', reason, durationMs: 12_400, ...change };
}

function failedAt(step: RebuildStep): CellOutcome {
  return failed({ step, reason: 'its CRC of the symbol x is not the kernel’s' });
}

function failedFor(kind: CauseKind, isForetold = false): CellOutcome {
  const found = { line: 'x', kind, symbol: 'strlcpy', provider: 'vmlinux', isForetold };
  return failed({ why: 'exit', cause: { before: donor, after: release, errors: [found] } });
}

function unchanged(): CellOutcome {
  const outcome = published(1);
  assert.ok(outcome.kind === 'published');
  return { ...outcome, isUnchanged: true };
}

function loadedAs(isGood: boolean): CellOutcome {
  const outcome = published(1);
  if (outcome.kind !== 'published') throw new Error('BUG: not published');
  const loadTest: LoadTestReport = {
    ...{ kind: 'tested', isGood, release, accelerator: 'tcg', durationMs: 2300 },
    ...{ end: { kind: 'completed' }, modules: [], moduleCount: 1 },
    ...{ helpers: [], refusedHelpers: [] },
  };
  return { ...outcome, build: { ...outcome.build, loadTest } };
}

const MEANWHILE =
  'keep that kernel away from machines that need dahdi until a newer or corrected dahdi source is there.';

const TESTED: Extract<LoadTestReport, { readonly kind: 'tested' }> = {
  kind: 'tested',
  isGood: false,
  release,
  accelerator: 'tcg',
  durationMs: 1,
  end: { kind: 'completed' },
  modules: [],
  moduleCount: 1,
  helpers: [],
  refusedHelpers: [],
};
const DURING = { module: 'dahdi', step: 'insert' } as const;
const LOADS: readonly (readonly [Parameters<typeof failed>[0], string])[] = [
  [{ loadTest: TESTED }, 'that kernel does not load it'],
  [
    {
      loadTest: {
        ...TESTED,
        end: { kind: 'crashed', firstLine: 'BUG', log: [], during: DURING },
      },
    },
    'that kernel crashed when it was tried in it',
  ],
  [
    { loadTest: { ...TESTED, end: { kind: 'hung', detail: 'x', log: [], during: DURING } } },
    'that kernel hung when it was tried in it',
  ],
  [
    { loadTest: { kind: 'not-tested', why: 'x' } },
    'it could not be tried in that kernel, which the configuration requires',
  ],
  [{}, 'it could not be tried in that kernel, which the configuration requires'],
];

const TROUBLES = [
  [
    'mirror',
    'a server that this takes did not answer as it must (it is named below); rekmod tries it again by itself, there is nothing to do.',
  ],
  [
    'engine',
    'the container engine did not answer (it is named below); rekmod tries it again by itself, there is nothing to do once it runs.',
  ],
  ['disk', 'a disk has no room (it is named below); make some, rekmod tries it again by itself.'],
  [
    'machine',
    'something on the machine did not work (it is named below); rekmod tries it again by itself, there is nothing to do.',
  ],
  [
    'temporal',
    'something on the machine did not work (it is named below); rekmod tries it again by itself, there is nothing to do.',
  ],
  [
    'configuration',
    'something must be seen to first (it is named below); see to that, and rekmod tries it again by itself.',
  ],
  [
    'bug',
    'of a mistake in rekmod itself (it is named below); rekmod tries it again by itself, but please report it.',
  ],
] as const;

const OUTCOMES: readonly (readonly [CellOutcome, Verdict | undefined, string])[] = [
  [
    published(1),
    NEVER_BUILT,
    'dahdi has been compiled for kernel 6.1.0-55-amd64 and is published; there is nothing to do.',
  ],
  [
    published(1),
    changed(3),
    'dahdi has been compiled anew for kernel 6.1.0-55-amd64, because 3 of the kernel functions it uses had changed, and is published; there is nothing to do.',
  ],
  [
    published(1),
    lost(1),
    'dahdi was expected not to compile for kernel 6.1.0-55-amd64, but it did compile and is published; there is nothing to do.',
  ],
  [
    unchanged(),
    { kind: 'rebuild', why: 'forced' },
    'dahdi has been compiled for kernel 6.1.0-55-amd64 again, which gave exactly what is published already, so that stays as it is; there is nothing to do.',
  ],
  [
    loadedAs(true),
    NEVER_BUILT,
    'dahdi has been compiled for kernel 6.1.0-55-amd64 and is published, and loaded when that kernel was tried; there is nothing to do.',
  ],
  [
    loadedAs(false),
    NEVER_BUILT,
    'dahdi has been compiled for kernel 6.1.0-55-amd64 and is published, but something went wrong when that kernel was made to load it; keep that kernel away from machines that need dahdi until what is named below is cleared up.',
  ],
  [
    { kind: 'kept' },
    COMPATIBLE,
    'dahdi goes on working on kernel 6.1.0-55-amd64 as it is; there is nothing to do.',
  ],
  [
    { kind: 'kept' },
    undefined,
    'dahdi goes on working on kernel 6.1.0-55-amd64 as it is; there is nothing to do.',
  ],
  [
    { kind: 'excluded' },
    { kind: 'excluded', why: 'kernel-too-new', limit: '5.14' },
    'dahdi is not compiled for kernel 6.1.0-55-amd64, because its configuration limits it to kernels up to 5.14; there is nothing to do, unless that limit (maxKernel) is out of date.',
  ],
  [
    { kind: 'excluded' },
    undefined,
    'dahdi is not compiled for kernel 6.1.0-55-amd64, because its configuration leaves that kernel out; there is nothing to do.',
  ],
  [
    { kind: 'blocked', by: 'jool' },
    undefined,
    `dahdi was not compiled for kernel 6.1.0-55-amd64, because it needs jool, which could not be compiled for it; see to jool first, then ${AGAIN}.`,
  ],
  [
    {
      kind: 'deferred',
      deferral: {
        ...{ why: 'failed-before', step: 'build', reason: 'x.c:1: error: no' },
        ...{ failedAt: '2026-11-23T06:00:00.000Z', retryAt: '2026-11-30T06:00:00.000Z' },
      },
    },
    NEVER_BUILT,
    `dahdi is not compiled for kernel 6.1.0-55-amd64 now, because that failed on 2026-11-23 06:00 UTC and nothing has changed since; rekmod tries it again after 2026-11-30 06:00 UTC, or as soon as the dahdi source changes; to have it tried now, ${AGAIN}.`,
  ],
  [
    {
      kind: 'deferred',
      deferral: {
        ...{ why: 'circuit-open', since: '2026-11-23T06:00:00.000Z', failureCount: 3 },
        ...{ release: '6.1.0-54-amd64', reason: 'x.c:1: error: no' },
      },
    },
    NEVER_BUILT,
    `dahdi is not compiled for kernel 6.1.0-55-amd64 now, because it failed for 3 kernels in a row, for 6.1.0-54-amd64 last; rekmod waits for a corrected dahdi source or a success on the newest kernel; to have it tried now, ${AGAIN}.`,
  ],
  [
    { kind: 'deferred', deferral: { why: 'over-budget', budgetMs: 600_000 } },
    NEVER_BUILT,
    'dahdi is not compiled for kernel 6.1.0-55-amd64 now, because more urgent ones take all the time that one rollout is given; rekmod does it later by itself.',
  ],
  ...TROUBLES.map(
    ([trouble, text]) =>
      [
        { kind: 'failed', step: 'prepare', reason: 'x', durationMs: 1, trouble },
        NEVER_BUILT,
        `dahdi could not be made for kernel 6.1.0-55-amd64, because ${text}`,
      ] as const,
  ),
  [
    { kind: 'cancelled' },
    NEVER_BUILT,
    `dahdi was not compiled for kernel 6.1.0-55-amd64, because somebody stopped the work; ${AGAIN} to have it done.`,
  ],
  [
    failedFor('lost', true),
    lost(1),
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, as expected: the kernel function strlcpy, which it uses, is gone; ${MEANWHILE}`,
  ],
  [
    failedFor('crc'),
    changed(3),
    `dahdi could not be compiled for kernel 6.1.0-55-amd64: the kernel function strlcpy, which it uses, has changed; ${MEANWHILE}`,
  ],
  [
    failedFor('gpl-only'),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64: the kernel function strlcpy, which it uses, is reserved for modules under the GPL by now; ${MEANWHILE}`,
  ],
  [
    failedFor('namespace'),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64: the kernel function strlcpy, which it uses, must be asked for in a new way, which its source does not do; ${MEANWHILE}`,
  ],
  [
    failedFor('added'),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64: the kernel has a function strlcpy of its own by now, which dahdi brings as well; ${MEANWHILE}`,
  ],
  [
    failed({ why: 'exit' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, because its source does not fit that kernel or has a mistake (the first error stands below); ${MEANWHILE}`,
  ],
  [
    failed({ exitCode: 2 }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, because its source does not fit that kernel or has a mistake (the first error stands below); ${MEANWHILE}`,
  ],
  ...['/bin/sh: 1: pahole: not found', 'kernel-rpm-macros is needed by kmod-x-1-1.x86_64'].map(
    (reason) =>
      [
        failed({ why: 'exit', reason }),
        NEVER_BUILT,
        `dahdi could not be compiled for kernel 6.1.0-55-amd64, because a program or package that this takes is missing (it is named below); add it to the packages of the build target, then ${AGAIN}.`,
      ] as const,
  ),
  [
    failed({ why: 'timeout' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64 within the time that it is given; if it needs more, raise limits.buildTimeout in the configuration, then ${AGAIN}.`,
  ],
  [
    failed({ why: 'out-of-memory' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64 with the memory that it is given; raise limits.memory in the configuration, then ${AGAIN}.`,
  ],
  [
    failed({ why: 'scratch-full' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64 with the room for files that it is given; raise limits.scratch in the configuration, then ${AGAIN}.`,
  ],
  [
    failed({ why: 'interrupted' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, because something ended its build each time that it was tried; see whether the container engine is restarted again and again, then ${AGAIN}.`,
  ],
  [
    failed({ why: 'log-too-large' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, because it wrote a log without end; correct its spec, then ${AGAIN}.`,
  ],
  [
    failed({ why: 'output-too-large' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, because what came out is larger than allowed; raise limits.output in the configuration, then ${AGAIN}.`,
  ],
  [
    failed({ why: 'bad-output' }),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64, because something other than packages came out; correct its spec, then ${AGAIN}.`,
  ],
  [
    failed(),
    NEVER_BUILT,
    `dahdi could not be compiled for kernel 6.1.0-55-amd64; fix what is named below, then ${AGAIN}.`,
  ],
  [
    failedAt('prepare'),
    NEVER_BUILT,
    `dahdi was not compiled for kernel 6.1.0-55-amd64, because that could not be prepared; fix what is named below, then ${AGAIN}.`,
  ],
  [
    failedAt('verify'),
    NEVER_BUILT,
    `dahdi was compiled for kernel 6.1.0-55-amd64, but what came out did not pass the checks and is not published; fix what is named below, then ${AGAIN}.`,
  ],
  ...LOADS.map(([change, words]): (typeof OUTCOMES)[number] => [
    failed({ step: 'load', ...change }),
    NEVER_BUILT,
    `dahdi was compiled for kernel 6.1.0-55-amd64 and is not published, because ${words}; fix what is named below, then ${AGAIN}.`,
  ]),
  [
    failedAt('sign'),
    NEVER_BUILT,
    `dahdi was compiled for kernel 6.1.0-55-amd64, but could not be signed and is not published; fix what is named below, then ${AGAIN}.`,
  ],
  [
    failedAt('publish'),
    NEVER_BUILT,
    `dahdi was compiled for kernel 6.1.0-55-amd64, but could not be published; fix what is named below, then ${AGAIN}.`,
  ],
];

for (const [verdict, expected] of VERDICTS) {
  const what = 'why' in verdict ? `${verdict.kind}, ${verdict.why}` : verdict.kind;
  test(`headlineOf() says of ${what}: ${expected.slice(0, 80)}…`, () => {
    assert.equal(headlineOf({ kmod, release, verdict }), expected);
  });
}

for (const [outcome, verdict, expected] of OUTCOMES) {
  test(`headlineOf() says of ${outcome.kind} after ${verdict?.kind}: ${expected.slice(0, 80)}…`, () => {
    assert.equal(headlineOf({ kmod, release, verdict, outcome }), expected);
  });
}

test('headlineOf() says what a person must start where rekmod has come to its end', () => {
  const changedLate = headlineOf({ kmod, release, verdict: changed(3), isLate: true });
  const lostLate = headlineOf({ kmod, release, verdict: lost(1), isLate: true });

  assert.ok(changedLate.endsWith(`have changed; ${AGAIN} to have it done.`), changedLate);
  assert.match(lostLate, /is gone; run "rekmod rebuild dahdi --kernel .*" to have it tried, but/);
});

test('headlineOf() tells of a source that cannot be read, and of a cell that nobody looked at', () => {
  assert.equal(
    headlineOf({ kmod, release, fault: 'Cannot read x' }),
    `dahdi cannot be compiled for kernel 6.1.0-55-amd64, because its source cannot be used as it is; fix what is named below, then ${AGAIN}.`,
  );
  assert.equal(
    headlineOf({ kmod, release }),
    'dahdi was not looked at for kernel 6.1.0-55-amd64 yet; "rekmod up" does that by itself.',
  );
});

/** Every verdict that there is, so that a new one is missed in the table above. */
const REASONS: Readonly<Record<Exclude<Verdict, { kind: 'blocked' }>['why'], true>> = {
  'built-for-this-kernel': true,
  compatible: true,
  'never-built': true,
  forced: true,
  'source-changed': true,
  'builder-changed': true,
  'crc-changed': true,
  'no-modversions': true,
  'vermagic-changed': true,
  'provider-rebuilt': true,
  'symbols-lost': true,
  'symbols-refused': true,
  'kernel-too-old': true,
  'kernel-too-new': true,
  'source-excludes': true,
  frozen: true,
};

/** Every outcome that there is. */
const ENDS: Readonly<Record<CellOutcome['kind'], true>> = {
  published: true,
  kept: true,
  excluded: true,
  blocked: true,
  failed: true,
  deferred: true,
  cancelled: true,
};

/** Every step at which a rebuild can fail. */
const STEPS: Readonly<Record<RebuildStep, true>> = {
  prepare: true,
  build: true,
  verify: true,
  load: true,
  sign: true,
  publish: true,
};

test('headlineOf() is tried with every verdict and every outcome', () => {
  const reasons = VERDICTS.flatMap(([verdict]) => ('why' in verdict ? [verdict.why] : []));
  const steps = OUTCOMES.flatMap(([end]) => (end.kind === 'failed' ? [end.step] : []));

  assert.deepEqual([...new Set(steps)].sort(), Object.keys(STEPS).sort());

  assert.deepEqual([...new Set(reasons)].sort(), Object.keys(REASONS).sort());
  assert.deepEqual(
    [...new Set(OUTCOMES.map(([{ kind }]) => kind))].sort(),
    Object.keys(ENDS).sort(),
  );
});

/** Words that only those know who know how kernel modules are bound to kernels. */
const JARGON =
  /\b(?:k?ABI|CRCs?|symbols?|symvers|modversions?|vermagic|vmlinux|modpost|namespaces?|imports?|exports?|exported|donors?|cells?|verdicts?|buildroots?|kmods?|weak|ELF|KMP|GPL-only|NEVRA|payload|relocations?)\b/i;

test('headlineOf() names kmod and kernel in one sentence without jargon, whatever happens', () => {
  const all = [
    ...VERDICTS.map(([verdict]) => headlineOf({ kmod, release, verdict })),
    ...VERDICTS.map(([verdict]) => headlineOf({ kmod, release, verdict, isLate: true })),
    ...OUTCOMES.map(([outcome, verdict]) => headlineOf({ kmod, release, verdict, outcome })),
    // Whatever verdict an outcome follows.
    ...OUTCOMES.flatMap(([outcome]) =>
      VERDICTS.map(([verdict]) => headlineOf({ kmod, release, verdict, outcome })),
    ),
    headlineOf({ kmod, release, fault: 'Cannot parse Module.symvers of x' }),
    headlineOf({ kmod, release }),
  ];

  assert.ok(all.length > 400);
  for (const sentence of all) {
    assert.doesNotMatch(sentence, JARGON);
    assert.ok(sentence.includes(`${kmod} `) && sentence.includes(release), sentence);
    assert.match(sentence, /^[^\n]*; [^\n]*[^.]\.$/u, 'one sentence: what happens; what to do');
    assert.doesNotMatch(sentence, /\. [A-Z]/u);
  }
});

test('headlineOf() shows hostile names on one line and cut', () => {
  const evil = `\u001b[31m\u202e\n${'x'.repeat(10_000)}`;

  const sentence = headlineOf({
    kmod: evil,
    release: evil,
    verdict: { kind: 'blocked', by: evil },
  });

  assert.ok(sentence.length < 800, String(sentence.length));
  assert.doesNotMatch(sentence, /\p{Cc}|\p{Cf}/u);
});
