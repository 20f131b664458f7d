import assert from 'node:assert/strict';
import test from 'node:test';
import type { CauseKind } from '../../model/failure-cause.ts';
import type { ExportedSymbol, ProblemKind, Symvers } from '../../model/kabi.ts';
import type { Verdict } from '../../model/verdict.ts';
import { matchErrors } from '../../plan/match-error.ts';

function symversOf(...symbols: readonly (Partial<ExportedSymbol> & { symbol: string })[]): Symvers {
  return new Map(
    symbols.map((symbol) => [
      symbol.symbol,
      { crc: 1, module: 'vmlinux', exportType: 'EXPORT_SYMBOL', namespace: '', ...symbol },
    ]),
  );
}

const BEFORE = symversOf(
  { symbol: 'strlcpy' },
  { symbol: 'same' },
  { symbol: 'changed' },
  { symbol: 'now_gpl' },
  { symbol: 'now_inside', module: 'drivers/dma-buf/x' },
  { symbol: 'nf_ct_get_tuple', module: 'net/netfilter/nf_conntrack' },
);
const AFTER = symversOf(
  { symbol: 'same' },
  { symbol: 'changed', crc: 2 },
  { symbol: 'now_gpl', exportType: 'EXPORT_SYMBOL_GPL' },
  { symbol: 'now_inside', module: 'drivers/dma-buf/x', namespace: 'DMA_BUF' },
  { symbol: 'added' },
);
const NEVER_BUILT: Verdict = { kind: 'rebuild', why: 'never-built' };

function causeOf(log: string, verdict: Verdict = NEVER_BUILT) {
  const before = { release: '6.1.0-54-amd64', symvers: BEFORE };
  const after = { release: '6.12.117+deb12-amd64', symvers: AFTER };
  return matchErrors({ log, verdict, before, after });
}

// Lines as gcc 12 and 15, clang 18 and modpost of Linux 4.18, 6.1 and 6.12 write them.
const MATCHES: readonly (readonly [line: string, symbol: string, kind: CauseKind])[] = [
  [
    'x.c:42:9: error: implicit declaration of function ‘strlcpy’; did you mean ‘strscpy’? [-Werror=implicit-function-declaration]',
    'strlcpy',
    'lost',
  ],
  ["x.c:42:9: error: implicit declaration of function 'strlcpy' [-Werror]", 'strlcpy', 'lost'],
  [
    "x.c:4:9: error: call to undeclared function 'strlcpy'; ISO C99 and later do not support implicit function declarations",
    'strlcpy',
    'lost',
  ],
  ['x.c:4:9: error: ‘strlcpy’ undeclared (first use in this function)', 'strlcpy', 'lost'],
  [
    'ERROR: modpost: "nf_ct_get_tuple" [/b/jool/src/mod/common/jool_common.ko] undefined!',
    'nf_ct_get_tuple',
    'lost',
  ],
  ['ERROR: "strlcpy" [/b/x.ko] undefined!', 'strlcpy', 'lost'],
  ['x.c:4:9: error: too few arguments to function ‘changed’', 'changed', 'crc'],
  [
    'x.c:4:9: error: too many arguments to function ‘changed’; expected 1, have 2',
    'changed',
    'crc',
  ],
  [
    'x.c:4:9: error: passing argument 2 of ‘changed’ from incompatible pointer type [-Werror=incompatible-pointer-types]',
    'changed',
    'crc',
  ],
  ['x.c:4:9: error: incompatible type for argument 1 of ‘changed’', 'changed', 'crc'],
  ['x.c:4:9: error: conflicting types for ‘changed’; have ‘int(void)’', 'changed', 'crc'],
  [
    'x.c:4:9: error: static declaration of ‘added’ follows non-static declaration',
    'added',
    'added',
  ],
  [
    "ERROR: modpost: /b/x: 'added' exported twice. Previous export was in vmlinux",
    'added',
    'added',
  ],
  [
    "ERROR: modpost: GPL-incompatible module x.ko uses GPL-only symbol 'now_gpl'",
    'now_gpl',
    'gpl-only',
  ],
  [
    'ERROR: modpost: module x uses symbol now_inside from namespace DMA_BUF, but does not import it.',
    'now_inside',
    'namespace',
  ],
];

for (const [line, symbol, kind] of MATCHES) {
  test(`matchErrors() explains as ${kind}: ${line}`, () => {
    const [error, ...others] = causeOf(`  CC [M]  /b/x.o\n${line}\n`)?.errors ?? [];

    assert.deepEqual([error?.symbol, error?.kind, error?.line], [symbol, kind, line]);
    assert.deepEqual(others, []);
  });
}

const MISSES: readonly (readonly [what: string, line: string])[] = [
  ['a name that no kernel exports', 'x.c:1:1: error: implicit declaration of function ‘mine’'],
  ['one that is there still', 'x.c:1:1: error: implicit declaration of function ‘changed’'],
  ['arguments of what did not change', 'x.c:1:1: error: too few arguments to function ‘same’'],
  ['arguments of what is gone', 'x.c:1:1: error: too few arguments to function ‘strlcpy’'],
  ['what is only proposed', 'x.c:1:1: error: ‘x’ is nothing; did you mean ‘strlcpy’?'],
  ['a member', 'x.c:1:1: error: ‘struct x’ has no member named ‘strlcpy’'],
  ['a missing header', 'x.c:1:10: fatal error: strlcpy.h: No such file or directory'],
  ['a kmod’s own symbol', 'ERROR: modpost: "mine" [/b/x.ko] undefined!'],
  ['what is no error', 'x.c:1:1: warning: implicit declaration of function ‘strlcpy’'],
];

for (const [what, line] of MISSES) {
  test(`matchErrors() explains nothing with ${what}`, () => {
    assert.equal(causeOf(`${line}\n`), undefined);
  });
}

test('matchErrors() names kernels, provider and subsystem, and each symbol once', () => {
  const lines = ['strlcpy', 'strlcpy', 'nf_ct_get_tuple', 'now_gpl', 'now_inside'].map(
    (symbol) => `x.c:1:1: error: ‘${symbol}’ undeclared`,
  );

  assert.deepEqual(causeOf(lines.join('\n')), {
    before: '6.1.0-54-amd64',
    after: '6.12.117+deb12-amd64',
    errors: [
      {
        line: lines[0],
        kind: 'lost',
        symbol: 'strlcpy',
        provider: 'vmlinux',
        subsystem: "the kernel's core",
        isForetold: false,
      },
      {
        line: lines[2],
        kind: 'lost',
        symbol: 'nf_ct_get_tuple',
        provider: 'net/netfilter/nf_conntrack',
        subsystem: 'netfilter, the firewall',
        isForetold: false,
      },
    ],
  });
});

test('matchErrors() explains at most three symbols', () => {
  const names = ['a', 'b', 'c', 'd'];
  const before = { release: '1', symvers: symversOf(...names.map((symbol) => ({ symbol }))) };
  const log = names.map((name) => `x.c:1:1: error: ‘${name}’ undeclared\n`).join('');

  const cause = matchErrors({
    log,
    verdict: NEVER_BUILT,
    before,
    after: { release: '2', symvers: new Map() },
  });

  assert.deepEqual(
    cause?.errors.map(({ symbol }) => symbol),
    ['a', 'b', 'c'],
  );
});

function brokenFor(kind: ProblemKind, symbol: string, lostCount: number): Verdict {
  const shown = [{ kind, symbol, usedBy: 'm', wantedCrc: 1 }];
  const problems = { lostCount, refusedCount: 0, crcCount: 0, shown };
  return { kind: 'broken', why: 'symbols-lost', donor: '6.1.0-54-amd64', problems };
}

for (const [what, verdict, expected] of [
  ['a symbol that the verdict names', brokenFor('lost', 'strlcpy', 1), true],
  ['one of many that it counts', brokenFor('lost', 'other', 20), true],
  ['one that it does not know', brokenFor('lost', 'other', 1), false],
  ['one that it calls refused', brokenFor('gpl-only', 'strlcpy', 0), false],
  ['a cell that was never built', NEVER_BUILT, false],
] as const) {
  test(`matchErrors() says that ${what} was${expected ? '' : ' not'} foretold`, () => {
    const cause = causeOf('x.c:1:1: error: ‘strlcpy’ undeclared', verdict);

    assert.equal(cause?.errors[0]?.isForetold, expected);
  });
}
