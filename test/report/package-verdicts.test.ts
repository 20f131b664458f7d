import assert from 'node:assert/strict';
import test from 'node:test';
import type { SymbolProblem } from '../../model/kabi.ts';
import type { JudgedPackage, PackageVerdict } from '../../model/kabi-check.ts';
import type { ProblemList } from '../../model/verdict.ts';
import { describePackageVerdict } from '../../report/describe-package-verdict.ts';
import { packageVerdictsToText, summarizePackages } from '../../report/package-verdicts-text.ts';
import { kernelExportsOf } from '../support/foreign-facts.ts';

const STYLE = { columns: 100, color: false, all: false };
const CRC: SymbolProblem = {
  kind: 'crc',
  symbol: 'usb_call',
  usedBy: 'm',
  wantedCrc: 1,
  foundCrc: 2,
  provider: 'vmlinux',
};
const LOST: SymbolProblem = { kind: 'lost', symbol: 'strlcpy', usedBy: 'm', wantedCrc: 1 };
const GPL: SymbolProblem = { ...CRC, kind: 'gpl-only', symbol: 'gpl_call' };

function listOf(counts: Partial<ProblemList>): ProblemList {
  return { lostCount: 0, refusedCount: 0, crcCount: 0, shown: [], ...counts };
}

function judged(verdict: PackageVerdict, changes: Partial<JudgedPackage> = {}): JudgedPackage {
  return { name: 'kmod-a', builtFor: '6.1.0-54-amd64', isFromMetadata: false, verdict, ...changes };
}

const unjudged = (verdict: object) => ({ kind: 'unjudged', ...verdict }) as PackageVerdict;

const SENTENCES: readonly (readonly [PackageVerdict, string])[] = [
  [
    { kind: 'fits', why: 'symbols', importCount: 231 },
    'fits: all 231 imports are there with the same CRC; loads as it is',
  ],
  [
    { kind: 'fits', why: 'symbols', importCount: 1, newDependencies: ['drivers/net/tun'] },
    'fits: 1 import is there with the same CRC; loads as it is; needs also drivers/net/tun loaded',
  ],
  [
    { kind: 'fits', why: 'bound-to-this-kernel', importCount: 0 },
    'fits: it is built for this kernel alone',
  ],
  [
    { kind: 'rebuild', why: 'crc-changed', problems: listOf({ crcCount: 1, shown: [CRC] }) },
    'must be rebuilt: 1 imported symbol changed its CRC since 6.1.0-54-amd64: `usb_call` (0x00000001 → 0x00000002, vmlinux)',
  ],
  [
    { kind: 'rebuild', why: 'crc-changed', problems: listOf({ crcCount: 1200, shown: [CRC] }) },
    'must be rebuilt: 1,200 imported symbols changed their CRC since 6.1.0-54-amd64, first `usb_call` (0x00000001 → 0x00000002, vmlinux)',
  ],
  [
    {
      kind: 'rebuild',
      why: 'vermagic-changed',
      found: '6.1.0-54-amd64 SMP mod_unload modversions ',
      expected: 'SMP preempt mod_unload modversions',
    },
    'must be rebuilt: it was configured for another kernel: vermagic "6.1.0-54-amd64 SMP mod_unload modversions", where this one has SMP preempt mod_unload modversions',
  ],
  [
    { kind: 'rebuild', why: 'provider-rebuilt', provider: 'kmod-b' },
    'must be rebuilt: kmod-b, whose symbols it imports, does not fit',
  ],
  [
    { kind: 'broken', why: 'symbols-lost', problems: listOf({ lostCount: 1, shown: [LOST] }) },
    'will break: `strlcpy` is gone (used by m)',
  ],
  [
    {
      kind: 'broken',
      why: 'symbols-lost',
      problems: listOf({ lostCount: 2, crcCount: 3, shown: [LOST] }),
    },
    'will break: 2 imported symbols are gone, first `strlcpy` (used by m)',
  ],
  [
    {
      kind: 'broken',
      why: 'symbols-refused',
      problems: listOf({ refusedCount: 2, crcCount: 1, shown: [CRC, GPL] }),
    },
    'will break: 2 imported symbols would be refused, first `gpl_call` (used by m)',
  ],
  [
    unjudged({ why: 'no-modversions' }),
    'not judged: it carries no CRCs, so nothing shows that it fits',
  ],
  [unjudged({ why: 'no-symbols' }), 'not judged: nothing tells which symbols it imports'],
  [unjudged({ why: 'other-arch', arch: 'aarch64' }), 'not judged: it is for aarch64'],
  [
    unjudged({ why: 'other-flavour', flavours: ['azure', 'rt'] }),
    'not judged: it is for kernels of the flavour azure, rt',
  ],
  [
    unjudged({ why: 'bound-to-other-kernel', boundTo: ['6.9.4-200.fc40.x86_64'] }),
    'not judged: it is bound to 6.9.4-200.fc40.x86_64 and needs a package of its own for every kernel',
  ],
  [
    unjudged({ why: 'symsets', symsets: ['default:a', 'default:b', 'default:c', 'default:d'] }),
    'not judged: it requires groups of symbols whose members nothing tells: default:a, default:b, default:c and 1 more',
  ],
  [
    unjudged({
      why: 'kmod-missing',
      missing: ['jool_common'],
      problems: listOf({ lostCount: 2, shown: [LOST] }),
    }),
    'not judged: 2 imported symbols, first `strlcpy`, must come from a kmod that was not given (jool_common)',
  ],
  [
    unjudged({
      why: 'kernel-incomplete',
      missing: ['kernel-modules'],
      problems: listOf({ lostCount: 1, shown: [LOST] }),
    }),
    'not judged: 1 imported symbol, `strlcpy`, may come from a package of the kernel that was not given (kernel-modules)',
  ],
  [
    unjudged({ why: 'provider-unjudged', provider: 'kmod-b' }),
    'not judged: kmod-b, whose symbols it imports, was not judged',
  ],
  [
    unjudged({ why: 'unreadable', reason: 'Cannot read RPM header: \u001b[2J' }),
    'not judged: Cannot read RPM header: \\u{1b}[2J',
  ],
];
for (const [verdict, sentence] of SENTENCES) {
  test(`describePackageVerdict() writes "${sentence.slice(0, 72)}"`, () => {
    assert.equal(describePackageVerdict(judged(verdict)), sentence);
  });
}

test('describePackageVerdict() claims no more of metadata than they tell', () => {
  const { builtFor: _, ...told } = judged(
    { kind: 'fits', why: 'symbols', importCount: 5 },
    { isFromMetadata: true },
  );

  assert.equal(
    describePackageVerdict(told),
    'fits: all 5 required symbols are there with the same CRC',
  );
  const problems = listOf({ crcCount: 2, shown: [CRC] });
  assert.match(
    describePackageVerdict({ ...told, verdict: { kind: 'rebuild', why: 'crc-changed', problems } }),
    /changed their CRC, first `usb_call`/,
  );
});

test('packageVerdictsToText() lists the worst first, and further symbols below their kmod', () => {
  const shown = [CRC, { ...CRC, symbol: 'a' }, { ...CRC, symbol: 'a', usedBy: 'n' }];
  const text = packageVerdictsToText(
    [
      judged({ kind: 'fits', why: 'symbols', importCount: 5 }, { name: 'kmod-good' }),
      judged({ kind: 'rebuild', why: 'crc-changed', problems: listOf({ crcCount: 41, shown }) }),
      judged({
        kind: 'broken',
        why: 'symbols-lost',
        problems: listOf({ lostCount: 1, shown: [LOST] }),
      }),
    ],
    kernelExportsOf({ printk: 1 }),
    STYLE,
  );

  assert.equal(
    text,
    `5.14.0-620.el9.x86_64 (x86_64, 1 symbol)
1 of 3 kmods fits, 1 must be rebuilt, 1 will break

Will break
  kmod-a
    will break: \`strlcpy\` is gone (used by m)

Must be rebuilt
  kmod-a
    must be rebuilt: 41 imported symbols changed their CRC since 6.1.0-54-amd64, first \`usb_call\`
      (0x00000001 → 0x00000002, vmlinux)
      \`a\` (0x00000001 → 0x00000002, vmlinux)
      … and 38 more

Fits
  kmod-good
    fits: all 5 imports are there with the same CRC; loads as it is
`,
  );
});

test('packageVerdictsToText() does not call a symbol gone that may be exported elsewhere', () => {
  const shown = [LOST, { ...LOST, symbol: 'strscpy' }];
  const doubt = unjudged({
    why: 'kmod-missing',
    missing: [],
    problems: listOf({ lostCount: 9, shown }),
  });

  const text = packageVerdictsToText([judged(doubt)], kernelExportsOf({}), STYLE);

  assert.match(text, /first `strlcpy`,.*\n {6}`strscpy`\n {6}… and 7 more/s);
  assert.doesNotMatch(text, /gone/);
});

test('packageVerdictsToText() says what was not looked at', () => {
  const fits: PackageVerdict = { kind: 'fits', why: 'symbols', importCount: 5 };
  const {
    arch: _a,
    flavour: _f,
    ...kernel
  } = kernelExportsOf(
    {},
    {
      isFromMetadata: true,
      missingPackages: ['kernel-modules'],
    },
  );

  const text = packageVerdictsToText([judged(fits)], kernel, STYLE);

  assert.match(text, /From metadata alone: licences, namespaces/);
  assert.match(text, /not complete without kernel-modules/);
  assert.match(text, /Nothing tells the kernel's architecture and flavour/);
  assert.doesNotMatch(
    packageVerdictsToText([judged(fits)], kernelExportsOf({}), STYLE),
    /From metadata/,
  );
});

test('packageVerdictsToText() keeps the terminal safe from names and stays short', () => {
  const shown = Array.from({ length: 12 }, (_, i) => ({
    ...LOST,
    symbol: `\u001b[31m${'x'.repeat(900)}${i}`,
  }));
  const evil = judged(
    { kind: 'broken', why: 'symbols-lost', problems: listOf({ lostCount: 5000, shown }) },
    { name: 'kmod\u001b]0;evil\u0007\n', builtFor: '\u202e' },
  );

  const text = packageVerdictsToText([evil], kernelExportsOf({}, { name: '\u001bc' }), STYLE);

  assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
  assert.ok(text.length < 1500, `${text.length} characters`);
});

test('summarizePackages() counts every kind', () => {
  const fits: PackageVerdict = { kind: 'fits', why: 'symbols', importCount: 5 };
  const doubt = unjudged({ why: 'no-symbols' });

  assert.equal(summarizePackages([]), '0 of 0 kmods fit');
  assert.equal(summarizePackages([judged(fits)]), '1 of 1 kmod fits');
  assert.equal(
    summarizePackages([judged(fits), judged(fits), judged(doubt)]),
    '2 of 3 kmods fit, 1 was not judged',
  );
});
