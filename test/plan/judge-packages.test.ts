import assert from 'node:assert/strict';
import test from 'node:test';
import { findFit } from '../../kabi/fit.ts';
import type { KernelExports, KmodPackage, PackageVerdict } from '../../model/kabi-check.ts';
import { judgePackages } from '../../plan/judge-packages.ts';
import { seededRandom } from '../kabi/hostile.ts';
import { kernelExportsOf, packageOf } from '../support/foreign-facts.ts';
import { moduleOf, symversOf } from '../support/plan-facts.ts';

const KERNEL = kernelExportsOf({ printk: 1, kfree: 2 });

/** The verdicts by package, without the symbols: `broken symbols-lost`. */
function judge(
  packages: readonly KmodPackage[],
  kernel: KernelExports = KERNEL,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    judgePackages(packages, kernel).map(({ name, verdict }) => [
      name,
      `${verdict.kind} ${verdict.why}`,
    ]),
  );
}

function judgeOne(one: KmodPackage, kernel: KernelExports = KERNEL): PackageVerdict {
  const [judged] = judgePackages([one], kernel);
  assert.ok(judged);
  return judged.verdict;
}

test('judgePackages() says that a package fits if every CRC is the kernel’s', () => {
  const [judged] = judgePackages([packageOf('a', { imports: { printk: 1, kfree: 2 } })], KERNEL);

  assert.deepEqual(judged, {
    name: 'a',
    builtFor: '5.14.0-611.el9.x86_64',
    isFromMetadata: false,
    verdict: { kind: 'fits', why: 'symbols', importCount: 2 },
  });
});

test('judgePackages() asks for a rebuild where a CRC changed, and names both', () => {
  const verdict = judgeOne(packageOf('a', { imports: { printk: 9, kfree: 2 } }));

  assert.deepEqual(verdict, {
    kind: 'rebuild',
    why: 'crc-changed',
    problems: {
      lostCount: 0,
      refusedCount: 0,
      crcCount: 1,
      shown: [
        {
          kind: 'crc',
          symbol: 'printk',
          usedBy: 'a',
          wantedCrc: 9,
          foundCrc: 1,
          provider: 'vmlinux',
        },
      ],
    },
  });
});

test('judgePackages() foretells a break where a symbol is gone, or would be refused', () => {
  const gplOnly = new Map(KERNEL.symvers);
  gplOnly.set('gpl', {
    symbol: 'gpl',
    crc: 3,
    module: 'vmlinux',
    exportType: 'EXPORT_SYMBOL_GPL',
    namespace: '',
  });
  const kernel = kernelExportsOf({}, { symvers: gplOnly });

  const found = judge(
    [
      packageOf('lost', { imports: { strlcpy: 1, printk: 9 } }),
      packageOf('proprietary', { imports: { gpl: 3 }, license: 'Proprietary' }),
      packageOf('free', { imports: { gpl: 3 } }),
    ],
    kernel,
  );

  assert.deepEqual(found, {
    lost: 'broken symbols-lost',
    proprietary: 'broken symbols-refused',
    free: 'fits symbols',
  });
});

test('judgePackages() judges kmods that need each other together', () => {
  const pair = (crc: number) => [
    packageOf('a', { imports: { b_call: 1, printk: crc }, exports: { a_call: 1 } }),
    packageOf('b', { imports: { a_call: 1 }, exports: { b_call: 1 } }),
  ];

  assert.deepEqual(judge(pair(1)), { a: 'fits symbols', b: 'fits symbols' });
  assert.deepEqual(judge(pair(9)), { a: 'rebuild crc-changed', b: 'rebuild provider-rebuilt' });
});

test('judgePackages() names the provider that a kmod falls with, through several', () => {
  const judged = judgePackages(
    [
      packageOf('top', { imports: { mid_call: 1 } }),
      packageOf('mid', { imports: { base_call: 1 }, exports: { mid_call: 1 } }),
      packageOf('base', { imports: { printk: 9 }, exports: { base_call: 1 } }),
    ],
    KERNEL,
  );

  assert.deepEqual(
    judged.map(({ verdict }) => ('provider' in verdict ? verdict.provider : verdict.why)),
    ['mid', 'base', 'crc-changed'],
  );
});

test('judgePackages() does not judge what needs a kmod that was not judged', () => {
  const provider = packageOf(
    'provider',
    { exports: { call: 1 } },
    { symsets: ['default:vmlinux'] },
  );

  assert.deepEqual(judge([provider, packageOf('user', { imports: { call: 1 } })]), {
    provider: 'unjudged symsets',
    user: 'unjudged provider-unjudged',
  });
});

test('judgePackages() takes any of several versions of a kmod for a provider', () => {
  const found = judge([
    packageOf('provider-1', { imports: { printk: 1 }, exports: { call: 1 } }),
    packageOf('provider-2', { imports: { printk: 9 }, exports: { call: 2 } }),
    packageOf('user-1', { imports: { call: 1 } }),
    packageOf('user-2', { imports: { call: 2 } }),
  ]);

  assert.deepEqual(found, {
    'provider-1': 'fits symbols',
    'provider-2': 'rebuild crc-changed',
    'user-1': 'fits symbols',
    'user-2': 'rebuild provider-rebuilt',
  });
});

const UNJUDGED: readonly [title: string, one: KmodPackage, why: string][] = [
  ['of another architecture', packageOf('a', {}, { arch: 'aarch64' }), 'other-arch'],
  ['of another flavour', packageOf('a', {}, { flavours: ['rt', 'azure'] }), 'other-flavour'],
  [
    'that is bound to another kernel, whatever its symbols',
    packageOf('a', { imports: { printk: 1 } }, { boundTo: ['5.14.0-611.el9.x86_64'] }),
    'bound-to-other-kernel',
  ],
  [
    'without CRCs',
    packageOf('a', { imports: { kfree: 2 }, importsWithoutCrc: ['printk'] }),
    'no-modversions',
  ],
  ['with a CRC of 0', packageOf('a', { imports: { printk: 0 } }), 'no-modversions'],
  [
    'that requires groups of symbols',
    packageOf('a', { imports: { printk: 1 } }, { symsets: ['default:vmlinux'] }),
    'symsets',
  ],
  ['of which nothing is known', packageOf('a'), 'no-symbols'],
];
for (const [title, one, why] of UNJUDGED) {
  test(`judgePackages() does not judge a package ${title}`, () => {
    assert.deepEqual(judge([one]), { a: `unjudged ${why}` });
  });
}

test('judgePackages() never takes an unsuitable package for a provider', () => {
  const provider = packageOf('provider', { exports: { call: 1 } }, { arch: 'aarch64' });
  const user = packageOf('user', { imports: { call: 1 }, depends: ['provider'] });

  assert.deepEqual(judge([provider, user]).user, 'unjudged kmod-missing');
});

test('judgePackages() says that a package fits which is bound to this kernel', () => {
  const boundTo = ['5.14.0-620.el9.x86_64'];

  assert.deepEqual(judgeOne(packageOf('a', {}, { boundTo })), {
    kind: 'fits',
    why: 'bound-to-this-kernel',
    importCount: 0,
  });
  const changed = packageOf('a', { imports: { printk: 9 } }, { boundTo });
  assert.equal(judgeOne(changed).why, 'crc-changed');
});

test('judgePackages() does not compare what nothing tells of the kernel', () => {
  const kernel: KernelExports = { name: 'a file', releases: [], symvers: KERNEL.symvers };
  const imports = { printk: 1 };
  const boundTo = ['5.14.0-611.el9.x86_64'];

  assert.deepEqual(
    judge(
      [
        packageOf('arch', { imports }, { arch: 'aarch64' }),
        packageOf('flavour', { imports }, { flavours: ['rt'] }),
        packageOf('bound', { imports }, { boundTo }),
        packageOf('only-bound', {}, { boundTo }),
      ],
      kernel,
    ),
    {
      arch: 'fits symbols',
      flavour: 'fits symbols',
      bound: 'fits symbols',
      'only-bound': 'unjudged bound-to-other-kernel',
    },
  );
});

test('judgePackages() does not call a symbol lost that a kmod which was not given may export', () => {
  const user = packageOf('user', {
    imports: { call: 1, printk: 1 },
    depends: ['provider-a', 'tun'],
  });
  const symvers = new Map(KERNEL.symvers);
  symvers.set('tun_call', {
    symbol: 'tun_call',
    crc: 5,
    module: 'drivers/net/tun',
    exportType: 'EXPORT_SYMBOL',
    namespace: '',
  });
  const kernel = kernelExportsOf({}, { symvers });

  const verdict = judgeOne(user, kernel);

  assert.ok(verdict.kind === 'unjudged' && verdict.why === 'kmod-missing');
  assert.deepEqual(verdict.missing, ['provider-a']);
  assert.deepEqual(
    verdict.problems.shown.map(({ symbol }) => symbol),
    ['call'],
  );
  const inTree = packageOf('user', { imports: { call: 1 }, depends: ['tun'] });
  assert.equal(judgeOne(inTree, kernel).kind, 'broken');
});

test('judgePackages() says what is certain before what is not', () => {
  const changed = packageOf(
    'a',
    { imports: { call: 1, printk: 9 } },
    { importsFromKmods: ['call'] },
  );
  const lost = packageOf('a', { imports: { call: 1, gone: 9 } }, { importsFromKmods: ['call'] });

  assert.equal(judgeOne(changed).kind, 'rebuild');
  const verdict = judgeOne(lost);
  assert.ok(verdict.kind === 'broken');
  assert.deepEqual(
    verdict.problems.shown.map(({ symbol }) => symbol),
    ['gone'],
  );
});

test('judgePackages() calls nothing lost in a kernel of which packages are missing', () => {
  const kernel = kernelExportsOf(
    { printk: 1 },
    { isFromMetadata: true, missingPackages: ['kernel-modules'] },
  );

  const verdict = judgeOne(packageOf('a', { imports: { printk: 1, usb_call: 2 } }), kernel);

  assert.ok(verdict.kind === 'unjudged' && verdict.why === 'kernel-incomplete');
  assert.deepEqual(verdict.missing, ['kernel-modules']);
  assert.equal(judgeOne(packageOf('a', { imports: { printk: 9 } }), kernel).kind, 'rebuild');
});

test('judgePackages() looks for further in-tree modules only where their names are known', () => {
  const moved = new Map(KERNEL.symvers);
  moved.set('printk', {
    symbol: 'printk',
    crc: 1,
    module: 'drivers/net/tun',
    exportType: 'EXPORT_SYMBOL',
    namespace: '',
  });
  const one = packageOf('a', { imports: { printk: 1 } });

  const known = judgeOne(one, kernelExportsOf({}, { symvers: moved }));
  const metadata = judgeOne(one, kernelExportsOf({}, { symvers: moved, isFromMetadata: true }));

  assert.deepEqual(known.kind === 'fits' && known.newDependencies, ['drivers/net/tun']);
  assert.deepEqual(metadata.kind === 'fits' && metadata.newDependencies, undefined);
});

test('judgePackages() finds a reason for whatever depends on whatever', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 300; round += 1) {
    const packages = Array.from({ length: 1 + random(7) }, (_, i) => {
      const imports = Object.fromEntries(
        Array.from({ length: random(4) }, () => [`call_${random(8)}`, random(3)]),
      );
      return packageOf(
        `p${i}`,
        {
          imports: { printk: random(6) === 0 ? 9 : 1, ...imports },
          exports: { [`call_${i}`]: random(3) },
        },
        {
          symsets: random(9) === 0 ? ['s'] : [],
          importsFromKmods: random(2) === 0 ? ['call_1'] : [],
        },
      );
    });

    const judged = judgePackages(packages, KERNEL);

    const good = packages.filter(
      ({ modules, symsets }) =>
        symsets.length === 0 &&
        modules.every(({ imports }) => imports.every(({ crc }) => crc !== 0)),
    );
    const { accepted } = findFit(
      good.map((one) => ({ kmod: one.name, builds: [one] })),
      KERNEL.symvers,
    );
    const fitting = judged.filter(({ verdict }) => verdict.kind === 'fits').map(({ name }) => name);
    assert.deepEqual(fitting.sort(), [...accepted.keys()].sort());
  }
});

test('judgePackages() asks for a rebuild where the loader would refuse the vermagic', () => {
  const vermagicFlags = ['SMP', 'preempt_rt', 'mod_unload', 'modversions'];
  const one = packageOf('a', { imports: { printk: 1 } });

  assert.deepEqual(judgeOne(one, kernelExportsOf({ printk: 1 }, { vermagicFlags })), {
    kind: 'rebuild',
    why: 'vermagic-changed',
    found: '5.14.0-611.el9.x86_64 SMP preempt mod_unload modversions ',
    expected: 'SMP preempt_rt mod_unload modversions',
  });
});

test('judgePackages() judges metadata with the modules of other packages', () => {
  const { path: _, ...facts } = moduleOf('kmod-user', { imports: { call: 1 } });
  const user: KmodPackage = {
    ...packageOf('kmod-user'),
    modules: [{ ...facts, license: '', isFromMetadata: true }],
  };
  const provider = packageOf('provider', { imports: { printk: 1 }, exports: { call: 1 } });

  const judged = judgePackages(
    [user, provider],
    kernelExportsOf({}, { symvers: symversOf({ printk: 1 }) }),
  );

  assert.deepEqual(
    judged.map(({ isFromMetadata, verdict }) => [isFromMetadata, verdict.kind]),
    [
      [true, 'fits'],
      [false, 'fits'],
    ],
  );
});
