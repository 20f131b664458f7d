import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffSymvers } from '../../kabi/delta.ts';
import { parseSeverities } from '../../kabi/severities.ts';
import type { ExportedSymbol, Symvers } from '../../model/kabi.ts';
import type { MarkedDelta } from '../../model/marked-delta.ts';
import { judgeBetween } from '../../plan/judge-between.ts';
import { markDelta } from '../../plan/mark-delta.ts';
import { deltaToMarkdown } from '../../report/delta-markdown.ts';
import { deltaToText } from '../../report/delta-text.ts';
import { moduleOf } from '../support/plan-facts.ts';

const from = '6.1.0-54-amd64';
const to = '6.12.117+deb12-amd64';

function symversOf(...symbols: readonly (Partial<ExportedSymbol> & { symbol: string })[]): Symvers {
  return new Map(
    symbols.map((symbol) => [
      symbol.symbol,
      { crc: 1, module: 'vmlinux', exportType: 'EXPORT_SYMBOL', namespace: '', ...symbol },
    ]),
  );
}

const CONNTRACK = { symbol: 'nf_ct_get_tuple', module: 'net/netfilter/nf_conntrack' };
const BEFORE = symversOf(
  { symbol: 'strlcpy' },
  { symbol: 'kfree' },
  { symbol: 'rtl_write', module: 'drivers/staging/rtl8192e/rtllib' },
  CONNTRACK,
);
const AFTER = symversOf(
  { symbol: 'kfree', crc: 2 },
  { symbol: 'rtl_write', module: 'drivers/staging/rtl8192e/rtllib', crc: 2 },
  { ...CONNTRACK, crc: 2 },
  { symbol: 'new_one', namespace: 'CRYPTO' },
);
const MODULES = [
  moduleOf('jool_common', { imports: { strlcpy: 9, nf_ct_get_tuple: 9, other_kmods: 9 } }),
  moduleOf('jool', { imports: { strlcpy: 9 } }),
];
const USES = new Map([
  ['jool_common', new Map([['strlcpy', ['rtrie_print']]])],
  ['jool', new Map([['strlcpy', ['jool_init']]])],
]);
const LISTS = {
  stablelist: new Set(['strlcpy', 'kfree']),
  severities: parseSeverities('drivers/staging/* PASS\n'),
};
const DELTA = diffSymvers(BEFORE, AFTER);
const VERDICT = judgeBetween({ modules: MODULES, from, before: BEFORE, after: AFTER });
const KMOD = { name: 'jool', verdict: VERDICT };
const STYLE = { before: from, after: to, color: false };

function aboutJool(): MarkedDelta {
  return markDelta(DELTA, { ...LISTS, build: { modules: MODULES, uses: USES } });
}

test('deltaToText() marks what the stream’s lists say, and names the parts of the kernel', () => {
  assert.equal(
    deltaToText(markDelta(DELTA, LISTS), STYLE),
    `6.1.0-54-amd64 → 6.12.117+deb12-amd64
1 lost, 3 CRC changed (1 of them tolerated), 0 now GPL only, 0 namespace changed, 0 moved to another module, 0 no longer GPL only, 1 added

lost (1)
  strlcpy  0x00000001 vmlinux (the kernel's core) EXPORT_SYMBOL; on the stablelist

CRC changed (3)
  kfree  0x00000001 → 0x00000002 vmlinux (the kernel's core); on the stablelist
  nf_ct_get_tuple  0x00000001 → 0x00000002 net/netfilter/nf_conntrack (netfilter, the firewall)
  rtl_write  0x00000001 → 0x00000002 drivers/staging/rtl8192e/rtllib (staging drivers); tolerated by the severities

added (1)
  new_one  0x00000001 vmlinux (the kernel's core) EXPORT_SYMBOL, namespace CRYPTO
`,
  );
});

test('deltaToText() shows what a kmod uses, where, and what follows for it', () => {
  assert.equal(
    deltaToText(aboutJool(), { ...STYLE, kmod: KMOD }),
    `6.1.0-54-amd64 → 6.12.117+deb12-amd64, as far as jool uses it
1 lost, 1 CRC changed, 0 now GPL only, 0 namespace changed, 0 moved to another module, 0 no longer GPL only, 0 added

lost (1)
  strlcpy  0x00000001 vmlinux (the kernel's core) EXPORT_SYMBOL; on the stablelist; used by jool_common, jool in rtrie_print(), jool_init()

CRC changed (1)
  nf_ct_get_tuple  0x00000001 → 0x00000002 net/netfilter/nf_conntrack (netfilter, the firewall); used by jool_common

jool is expected not to compile for 6.12.117+deb12-amd64: the kernel function strlcpy, which it uses, is gone; a newer jool source is needed
`,
  );
});

for (const [what, after, expected] of [
  [
    'must be rebuilt',
    symversOf({ symbol: 'strlcpy' }, { ...CONNTRACK, crc: 7 }),
    /\njool, compiled for 6\.1\.0-54-amd64, must be compiled anew for .*: one of the kernel functions it uses has changed\n$/,
  ],
  [
    'goes on working',
    symversOf({ symbol: 'strlcpy' }, CONNTRACK),
    /\nNothing that it uses has changed\n\njool, compiled for 6\.1\.0-54-amd64, goes on working on .* as it is\n$/,
  ],
  [
    'is refused',
    symversOf({ symbol: 'strlcpy' }, { ...CONNTRACK, namespace: 'CT' }),
    /\njool is expected not to compile for .*: the kernel function nf_ct_get_tuple, which it uses, must be asked for in a new way/,
  ],
] as const) {
  test(`deltaToText() says that a kmod ${what}`, () => {
    const verdict = judgeBetween({ modules: MODULES, from, before: BEFORE, after });
    const delta = markDelta(diffSymvers(BEFORE, after), { build: { modules: MODULES } });

    assert.match(deltaToText(delta, { ...STYLE, kmod: { name: 'jool', verdict } }), expected);
  });
}

test('markDelta() gives programs the marks of each symbol beside its change', () => {
  const { lost, crcChanged } = aboutJool();

  assert.deepEqual(lost, [
    {
      ...BEFORE.get('strlcpy'),
      subsystem: "the kernel's core",
      isStable: true,
      usedBy: ['jool_common', 'jool'],
      functions: ['rtrie_print', 'jool_init'],
    },
  ]);
  assert.deepEqual(
    crcChanged.map(({ symbol, isStable, isTolerated }) => [symbol, isStable, isTolerated]),
    [['nf_ct_get_tuple', false, undefined]],
  );
  assert.equal(markDelta(DELTA, LISTS).crcChanged[2]?.isTolerated, true);
});

test('judgeBetween() leaves out what a kmod takes from others, and what it exports to them', () => {
  const modules = [moduleOf('a', { imports: { others: 1 }, exports: { strlcpy: 1 } })];

  assert.deepEqual(judgeBetween({ modules, from, before: BEFORE, after: BEFORE }), {
    kind: 'keep',
    why: 'compatible',
    donor: from,
    importCount: 0,
  });
});

test('judgeBetween() finds lost imports of a build without CRCs', () => {
  const modules = [moduleOf('a', { importsWithoutCrc: ['strlcpy'] })];

  const verdict = judgeBetween({ modules, from, before: BEFORE, after: AFTER });

  assert.equal(verdict.kind, 'broken');
});

test('deltaToMarkdown() makes a table of each kind', () => {
  assert.equal(
    deltaToMarkdown(aboutJool(), { before: from, after: to, kmod: KMOD }),
    `**6.1.0-54-amd64 → 6.12.117\\+deb12-amd64, as far as jool uses it**: 1 lost, 1 CRC changed, 0 now GPL only, 0 namespace changed, 0 moved to another module, 0 no longer GPL only, 0 added

| lost (1) | change | notes |
| --- | --- | --- |
| strlcpy | 0x00000001 vmlinux \\(the kernel's core\\) EXPORT\\_SYMBOL | on the stablelist; used by jool\\_common, jool in rtrie\\_print\\(\\), jool\\_init\\(\\) |

| CRC changed (1) | change | notes |
| --- | --- | --- |
| nf\\_ct\\_get\\_tuple | 0x00000001 → 0x00000002 net/netfilter/nf\\_conntrack \\(netfilter, the firewall\\) | used by jool\\_common |

**jool is expected not to compile for 6.12.117\\+deb12-amd64: the kernel function strlcpy, which it uses, is gone; a newer jool source is needed**
`,
  );
});

test('deltaToMarkdown() lists the first twenty of each kind unless asked for all', () => {
  const symbols = Array.from({ length: 100 }, (_, index) => ({ symbol: `s${index}` }));
  const delta = markDelta(diffSymvers(new Map(), symversOf(...symbols)), {});

  const short = deltaToMarkdown(delta, { before: 'a', after: 'b' });
  const long = deltaToMarkdown(delta, { before: 'a', after: 'b', all: true });

  assert.match(short, /\n… and 80 more/);
  assert.equal(long.match(/^\| s\d/gm)?.length, 100);
});
