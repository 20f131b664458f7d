import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import type { SymbolProblem } from '../../model/kabi.ts';
import type { Verdict } from '../../model/verdict.ts';
import { type ExplainedCell, explainCell } from '../../report/explain-cell.ts';
import { explanationToMarkdown } from '../../report/explanation-markdown.ts';
import { explanationToText } from '../../report/explanation-text.ts';
import { sizeOf } from '../../report/text-size.ts';
import { COMPATIBLE, published } from './sample-status.ts';

const KEY = { stream: 'lab', kmod: 'jool', release: '6.12.117+deb12-amd64' };
const STYLE = { color: false, columns: 100 };
const donor = '6.1.0-54-amd64';

const STRLCPY: SymbolProblem = {
  kind: 'lost',
  symbol: 'strlcpy',
  usedBy: 'jool_common',
  alsoUsedBy: ['jool'],
  wantedCrc: 0x0b1c2d3e,
  provider: 'vmlinux',
  functions: ['rtrie_print', 'atomic_replace'],
  isStable: false,
};
const PSKB_TRIM: SymbolProblem = {
  kind: 'crc',
  symbol: '___pskb_trim',
  usedBy: 'jool_common',
  wantedCrc: 0x23b1cc88,
  foundCrc: 0xc0d33912,
  provider: 'vmlinux',
  isStable: true,
};
const CT_GET: SymbolProblem = {
  kind: 'crc',
  symbol: 'nf_ct_get_tuple',
  usedBy: 'jool_common',
  wantedCrc: 1,
  foundCrc: 2,
  provider: 'net/netfilter/nf_conntrack',
  functions: ['snat_core'],
  isStable: false,
  isTolerated: true,
};
const GPL_ONLY: SymbolProblem = {
  kind: 'gpl-only',
  symbol: 'kobject_create',
  usedBy: 'jool',
  wantedCrc: 3,
  foundCrc: 3,
  provider: 'vmlinux',
};

const BROKEN: Verdict = {
  kind: 'broken',
  why: 'symbols-lost',
  donor,
  problems: {
    lostCount: 1,
    refusedCount: 1,
    crcCount: 59,
    shown: [STRLCPY, PSKB_TRIM, CT_GET, GPL_ONLY],
  },
};

const FAILED: CellOutcome = {
  kind: 'failed',
  step: 'build',
  why: 'exit',
  reason: '/b/jool/rtrie.c:42:9: error: implicit declaration of function ‘strlcpy’',
  exitCode: 2,
  durationMs: 12_400,
  attemptLog: 'logs/jool.log',
  cause: {
    before: donor,
    after: KEY.release,
    errors: [
      {
        line: '/b/jool/rtrie.c:42:9: error: implicit declaration of function ‘strlcpy’',
        kind: 'lost',
        symbol: 'strlcpy',
        provider: 'vmlinux',
        subsystem: "the kernel's core",
        isForetold: true,
      },
      {
        line: '/b/jool/snat.c:7:9: error: too few arguments to function ‘nf_ct_get_tuple’',
        kind: 'crc',
        symbol: 'nf_ct_get_tuple',
        provider: 'net/netfilter/nf_conntrack',
        subsystem: 'netfilter, the firewall',
        isForetold: false,
      },
    ],
  },
};
const ENDED = {
  updatedAt: '2026-11-23T12:08:09.123Z',
  workflowId: 'rebuild/jool/lab/6.12.117+deb12-amd64',
  runId: '11111111-2222-3333-4444-555555555555',
};

function textOf(cell: Omit<ExplainedCell, keyof typeof KEY>, columns = 100): string {
  return explanationToText(explainCell({ ...KEY, ...cell }), { ...STYLE, columns });
}

test('explanationToText() explains what is kept, and what it needs by now', () => {
  const verdict: Verdict = {
    kind: 'keep',
    why: 'compatible',
    donor: '5.14.0-610.el9.x86_64',
    importCount: 231,
    newDependencies: ['drivers/net/phy/phylink'],
  };

  assert.equal(
    textOf({ verdict }),
    `jool goes on working on kernel 6.12.117+deb12-amd64 as it is; there is nothing to do.

  stream   lab
  verdict  keep: all 231 imports resolve with the same CRC as in the build for
           5.14.0-610.el9.x86_64; the modules load as they are
  new      here it needs modules of the kernel that it did not need before: drivers/net/phy/phylink;
           depmod finds them, an initramfs must hold them
`,
  );
});

test('explanationToText() foretells a failure with every symbol, the gravest first', () => {
  assert.equal(
    textOf({ verdict: BROKEN, now: BROKEN }),
    `jool is expected not to compile for kernel 6.12.117+deb12-amd64: the kernel function strlcpy, which
  it uses, is gone; rekmod tries it all the same, but keep that kernel away from machines that need
  jool until it has succeeded or a newer jool source is there.

  stream   lab
  verdict  broken: \`strlcpy\` is gone (used by jool_common), a build is tried but expected to fail

  lost
    strlcpy  0x0b1c2d3e → none  vmlinux (the kernel's core)
      used by jool_common, jool in rtrie_print(), atomic_replace(); not on the stablelist; build is
      expected to fail: \`strlcpy\` is gone

  CRC changed: loads again once rebuilt
    ___pskb_trim  0x23b1cc88 → 0xc0d33912  vmlinux (the kernel's core)
      used by jool_common; on the stablelist
    nf_ct_get_tuple  0x00000001 → 0x00000002  net/netfilter/nf_conntrack (netfilter, the firewall)
      used by jool_common in snat_core(); not on the stablelist; tolerated by the severities

  now GPL only
    kobject_create  0x00000003 → 0x00000003  vmlinux (the kernel's core)
      used by jool; the kernel refuses it to a module of this licence

  … and 57 more symbols

  A symbol is a function or variable of the kernel that modules use; its CRC is a checksum of the
  types behind it. The kernel refuses a module that was compiled against another CRC.
`,
  );
});

test('explanationToText() explains a failure with what the kernel changed', () => {
  const { problems: _, ...rest } = BROKEN.kind === 'broken' ? BROKEN : assert.fail();
  const shown = { lostCount: 1, refusedCount: 0, crcCount: 0, shown: [STRLCPY] };

  assert.equal(
    textOf({
      verdict: { ...rest, problems: shown },
      outcome: FAILED,
      now: BROKEN,
      ended: ENDED,
      fault: 'Cannot read the source of "jool": no such file',
    }),
    `jool could not be compiled for kernel 6.12.117+deb12-amd64, as expected: the kernel function
  strlcpy, which it uses, is gone; keep that kernel away from machines that need jool until a newer
  or corrected jool source is there.

  stream    lab
  verdict   broken: \`strlcpy\` is gone (used by jool_common), a build is tried but expected to fail
  outcome   failed while building after 12 s: /b/jool/rtrie.c:42:9: error: implicit declaration of
            function ‘strlcpy’ (exit 2); strlcpy was exported by vmlinux (the kernel's core) in
            6.1.0-54-amd64 and is gone in 6.12.117+deb12-amd64, as foretold
  error     /b/jool/snat.c:7:9: error: too few arguments to function ‘nf_ct_get_tuple’;
            nf_ct_get_tuple, exported by net/netfilter/nf_conntrack (netfilter, the firewall), has
            other types in 6.12.117+deb12-amd64 than in 6.1.0-54-amd64
  log       rekmod logs jool 6.12.117+deb12-amd64
  ended     2026-11-23 12:08 UTC
  workflow  rebuild/jool/lab/6.12.117+deb12-amd64, run 11111111-2222-3333-4444-555555555555
  source    Cannot read the source of "jool": no such file

  lost
    strlcpy  0x0b1c2d3e → none  vmlinux (the kernel's core)
      used by jool_common, jool in rtrie_print(), atomic_replace(); not on the stablelist; the build
      failed of it: \`strlcpy\` is gone

  A symbol is a function or variable of the kernel that modules use; its CRC is a checksum of the
  types behind it. The kernel refuses a module that was compiled against another CRC.
`,
  );
});

test('explanationToText() says what is to be done by now after a build that was published', () => {
  const now: Verdict = { kind: 'rebuild', why: 'source-changed', donor };

  assert.equal(
    textOf({ verdict: { kind: 'rebuild', why: 'never-built' }, outcome: published(36_100), now }),
    `jool has been compiled for kernel 6.12.117+deb12-amd64 and is published; there is nothing to do.

  stream   lab
  verdict  rebuild: never built before
  outcome  built in 36 s: 0 packages in kmods, snapshot 000007
  by now   jool must be compiled anew for kernel 6.12.117+deb12-amd64, because its source has
           changed since it was compiled last; run "rekmod rebuild jool --kernel
           6.12.117+deb12-amd64" to have it done.
`,
  );
});

test('explanationToText() paints the headline by how the cell stands', () => {
  const paint = (cell: Omit<ExplainedCell, keyof typeof KEY>) =>
    explanationToText(explainCell({ ...KEY, ...cell }), { color: true, columns: 200 });

  assert.ok(paint({ verdict: COMPATIBLE }).startsWith('\u001b[32mjool goes on'));
  assert.ok(paint({ verdict: BROKEN }).startsWith('\u001b[33mjool is expected'));
  assert.ok(paint({ verdict: BROKEN, outcome: FAILED }).startsWith('\u001b[31mjool could not'));
  assert.ok(paint({ verdict: BROKEN }).includes('\u001b[31mlost'));
});

test('explanationToMarkdown() makes a table of the symbols', () => {
  assert.equal(
    explanationToMarkdown(explainCell({ ...KEY, verdict: BROKEN })),
    `**jool is expected not to compile for kernel 6.12.117\\+deb12-amd64: the kernel function strlcpy, which it uses, is gone; rekmod tries it all the same, but keep that kernel away from machines that need jool until it has succeeded or a newer jool source is there.**

- stream: lab
- verdict: broken: \\\`strlcpy\\\` is gone \\(used by jool\\_common\\), a build is tried but expected to fail

| symbol | change | CRC | exported by | used by | what follows |
| --- | --- | --- | --- | --- | --- |
| strlcpy | lost | 0x0b1c2d3e → none | vmlinux \\(the kernel's core\\) | jool\\_common, jool in rtrie\\_print\\(\\), atomic\\_replace\\(\\) | build is expected to fail: \\\`strlcpy\\\` is gone; not on the stablelist |
| \\_\\_\\_pskb\\_trim | CRC changed | 0x23b1cc88 → 0xc0d33912 | vmlinux \\(the kernel's core\\) | jool\\_common | loads again once rebuilt; on the stablelist |
| nf\\_ct\\_get\\_tuple | CRC changed | 0x00000001 → 0x00000002 | net/netfilter/nf\\_conntrack \\(netfilter, the firewall\\) | jool\\_common in snat\\_core\\(\\) | loads again once rebuilt; not on the stablelist; tolerated by the severities |
| kobject\\_create | now GPL only | 0x00000003 → 0x00000003 | vmlinux \\(the kernel's core\\) | jool | the kernel refuses it to a module of this licence |

… and 57 more symbols
`,
  );
});

test('explainCell() gives programs each symbol with what is known of it and what follows', () => {
  const { symbols, hiddenSymbolCount, state } = explainCell({ ...KEY, verdict: BROKEN });

  assert.equal(state, 'waiting');
  assert.equal(hiddenSymbolCount, 57);
  assert.deepEqual(symbols[0], {
    ...STRLCPY,
    subsystem: "the kernel's core",
    follows: 'build is expected to fail: `strlcpy` is gone',
  });
  assert.deepEqual(
    explainCell({ ...KEY, verdict: BROKEN, outcome: published(1) }).symbols.map(
      ({ follows }) => follows,
    ),
    [
      'the rebuilt module does without it',
      'the rebuilt module fits it',
      'the rebuilt module fits it',
      'the rebuilt module may use it or does without it',
    ],
  );
});

test('explainCell() says whether the reader has to do something', () => {
  const asks = (cell: Omit<ExplainedCell, keyof typeof KEY>) =>
    explainCell({ ...KEY, ...cell }).needsAction;

  assert.ok(asks({ verdict: BROKEN }));
  assert.ok(asks({ verdict: BROKEN, outcome: FAILED }));
  assert.ok(asks({ fault: 'no source' }));
  assert.ok(asks({ outcome: { kind: 'blocked', by: 'a' } }));
  assert.ok(!asks({ verdict: COMPATIBLE, outcome: { kind: 'kept' } }));
  assert.ok(!asks({ verdict: BROKEN, outcome: published(1) }));
  assert.ok(!asks({}));
});

test('explainCell() says of each symbol whether the build failed of it', () => {
  const followsOf = (outcome: CellOutcome) =>
    explainCell({ ...KEY, verdict: BROKEN, outcome }).symbols.map(({ follows }) => follows);
  const { cause: _, ...unexplained } = FAILED.kind === 'failed' ? FAILED : assert.fail();

  assert.deepEqual(followsOf(FAILED), [
    'the build failed of it: `strlcpy` is gone',
    'loads again once rebuilt',
    'the build failed of it: `nf_ct_get_tuple` changed',
    'the kernel refuses it to a module of this licence',
  ]);
  assert.equal(
    followsOf(unexplained)[0],
    '`strlcpy` is gone, but the first errors of the build do not name it',
  );
  assert.equal(
    followsOf({ ...unexplained, step: 'prepare' })[0],
    'build is expected to fail: `strlcpy` is gone',
  );
});

const EVIL = `\u001b[31m\u202e|<script>\n\`](http://evil.example)${'😀'.repeat(10_000)}`;

function evilCell(): ExplainedCell {
  const evil = { symbol: EVIL, usedBy: EVIL, provider: EVIL, alsoUsedBy: [EVIL, EVIL] };
  const problem: SymbolProblem = { kind: 'lost', wantedCrc: 1, ...evil, functions: [EVIL, EVIL] };
  const shown = Array.from({ length: 12 }, () => problem);
  const found = {
    line: EVIL,
    symbol: EVIL,
    provider: EVIL,
    kind: 'lost',
    isForetold: true,
  } as const;
  return {
    stream: EVIL,
    kmod: EVIL,
    release: EVIL,
    fault: EVIL,
    ended: { updatedAt: EVIL, workflowId: EVIL, runId: EVIL },
    now: COMPATIBLE,
    verdict: {
      kind: 'broken',
      why: 'symbols-lost',
      donor: EVIL,
      problems: { lostCount: 99, refusedCount: 0, crcCount: 0, shown },
    },
    outcome: {
      kind: 'failed',
      step: 'build',
      reason: EVIL,
      durationMs: 1,
      attemptLog: EVIL,
      cause: { before: EVIL, after: EVIL, errors: [found, found, found] },
    },
  };
}

test('explanationToMarkdown() has room for hostile names and lets none of them format anything', () => {
  const text = explanationToMarkdown(explainCell(evilCell()));

  assert.ok(sizeOf(text) <= 8000, String(sizeOf(text)));
  assert.match(text, /… and \d+ more symbols/);
  assert.doesNotMatch(text, /<script>|\]\(|:\/\//u);
  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u);
});

test('explanationToText() writes hostile names without control characters', () => {
  const text = explanationToText(explainCell(evilCell()), STYLE);

  assert.doesNotMatch(text.replaceAll('\n', ''), /\p{Cc}|\p{Cf}/u);
  assert.ok(text.length < 40_000, String(text.length));
});

test('explanationToText() says whether machines see the kernel, where a gate decides that', () => {
  const gate = { state: 'held', reason: 'waits for jool (build failed)' } as const;

  assert.match(
    textOf({ verdict: BROKEN, outcome: FAILED, gate }),
    /^ *gate +the kernel is held: waits for jool \(build failed\)$/m,
  );
  assert.doesNotMatch(textOf({ verdict: BROKEN, outcome: FAILED }), /^ *gate /m);
});
