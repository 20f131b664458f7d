import assert from 'node:assert/strict';
import test from 'node:test';
import type { RpmDependency } from '../../rpm/header.ts';
import {
  concernsKernel,
  listProvidedReleases,
  readSymbolDependencies,
  type SymbolDependencies,
} from '../../rpm/symbol-dependencies.ts';
import { seededRandom } from '../kabi/hostile.ts';

/** `kernel(printk) = 0x1` as a dependency; a rich one stays whole. */
function parseDependency(text: string): RpmDependency {
  const [name = '', op = '', version = ''] = text.startsWith('(') ? [text] : text.split(' ');
  return { name, op: op === '=' || op === '>=' || op === '<' ? op : '', version };
}

function read(
  requires: readonly string[],
  provides: readonly string[] = [],
): Partial<SymbolDependencies> {
  const found = readSymbolDependencies({
    requires: requires.map(parseDependency),
    provides: provides.map(parseDependency),
  });
  return Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0));
}

const CASES: readonly [
  title: string,
  requires: readonly string[],
  expected: Partial<SymbolDependencies>,
][] = [
  [
    "RHEL's symbols of the kernel",
    ['kernel(printk) = 0x13d0adf7', 'kernel(kfree) = 0x037a0cba', 'rtld(GNU_HASH)', '/bin/sh'],
    {
      imports: [
        { symbol: 'kfree', crc: 0x037a0cba },
        { symbol: 'printk', crc: 0x13d0adf7 },
      ],
    },
  ],
  [
    "RHEL's symbols of other kmods",
    ['ksym(jool_init) = 0x0000000a'],
    { imports: [{ symbol: 'jool_init', crc: 10 }], importsFromKmods: ['jool_init'] },
  ],
  [
    "SUSE's symbols, without 0x and leading zeros",
    ['ksym(default:printk) = 13d0adf7', 'ksym(default:current_task) = eb56bb3'],
    {
      imports: [
        { symbol: 'current_task', crc: 0x0eb56bb3 },
        { symbol: 'printk', crc: 0x13d0adf7 },
      ],
      flavours: ['default'],
    },
  ],
  [
    'one symbol that is required twice with two CRCs',
    ['kernel(printk) = 0x2', 'kernel(printk) = 0x1', 'kernel(printk) = 0x00000001'],
    {
      imports: [
        { symbol: 'printk', crc: 1 },
        { symbol: 'printk', crc: 2 },
      ],
    },
  ],
  [
    'a symbol without a CRC',
    ['ksym(default:printk)'],
    { importsWithoutCrc: ['printk'], flavours: ['default'] },
  ],
  ['a symbol with a lower bound', ['kernel(printk) >= 0x1'], { importsWithoutCrc: ['printk'] }],
  [
    "old SLE's groups of symbols",
    ['kernel(default:vmlinux) = 8ab1c4fa0c3d2e51', 'kernel(default:net) = c3d2e51'],
    { symsets: ['default:net', 'default:vmlinux'] },
  ],
  [
    "RHEL 5's groups of symbols",
    ['kernel(rhel5_vmlinux_ga) = 78f928da689a93ecf2e044fc0ced6b3eaedf5c19'],
    { symsets: ['rhel5_vmlinux_ga'] },
  ],
  ['a CRC that is none', ['kernel(printk) = 0xzz'], { symsets: ['printk'] }],
  ['a symbol that is none', ['ksym(default:\u0002) = 1'], { symsets: ['default:\u0002'] }],
  ['what has no end', ['ksym(default:', 'kernel('], {}],
  [
    "kmodtool's one kernel",
    ['kernel-uname-r = 6.9.4-200.fc40.x86_64'],
    { boundTo: ['6.9.4-200.fc40.x86_64'] },
  ],
  [
    "a variant's uname",
    ['kernel-rt-core-uname-r = 5.14.0-1.el9.x86_64+rt'],
    { boundTo: ['5.14.0-1.el9.x86_64+rt'] },
  ],
  [
    "SUSE's in-tree packages",
    ['kernel-default = 0:6.4.0-150600.21.1'],
    { boundTo: ['6.4.0-150600.21.1'] },
  ],
  [
    "NVIDIA's rich dependency",
    ['(kernel = 5.14.0-284.40.1.el9_2 if kernel)'],
    { boundTo: ['5.14.0-284.40.1.el9_2'] },
  ],
  [
    'lower bounds and other packages of the kernel, which bind nothing',
    [
      'kernel >= 5.14.0-611.el9',
      'kernel-core-uname-r >= 5.14.0-611.el9',
      'kernel-headers = 5.14.0-611.el9',
      'kernel-devel-uname-r',
      'kernel-tools = 1',
      '(kernel-core >= 6 if kernel-core)',
    ],
    {},
  ],
];

for (const [title, requires, expected] of CASES) {
  test(`readSymbolDependencies() reads ${title}`, () => {
    assert.deepEqual(read(requires), expected);
  });
}

test('readSymbolDependencies() reads what kmods and kernels of both kinds provide', () => {
  const provides = [
    'kmod-jool = 4.1',
    'ksym(jool_init) = 0xa',
    'kernel(printk) = 0x13d0adf7',
    'ksym(rt:kfree) = b',
    'ksym(no_crc)',
    'kernel(default:vmlinux) = 1',
  ];

  assert.deepEqual(read([], provides), {
    exports: [
      { symbol: 'jool_init', crc: 10 },
      { symbol: 'kfree', crc: 11 },
      { symbol: 'printk', crc: 0x13d0adf7 },
    ],
    flavours: ['rt'],
  });
});

test('listProvidedReleases() lists what the parts of one kernel say, once', () => {
  const uname = '5.14.0-611.el9.x86_64+rt';
  const provides = [
    'kernel = 5.14.0-611.el9',
    `kernel-uname-r = ${uname}`,
    `kernel-rt-core-uname-r = ${uname}`,
    `kernel-rt-modules-core-uname-r = ${uname}`,
    'kernel-devel-uname-r',
  ];

  assert.deepEqual(listProvidedReleases(provides.map(parseDependency)), [uname]);
});

test('concernsKernel() lets through whatever readSymbolDependencies() reads', () => {
  for (const [, requires] of CASES) {
    const kept = requires.filter((text) => concernsKernel(parseDependency(text).name));
    assert.deepEqual(read(kept), read(requires));
  }
  assert.ok(!concernsKernel('rtld(GNU_HASH)'));
});

test('readSymbolDependencies() takes any text for a name and a version', () => {
  const random = seededRandom(4);
  const alphabet = ['kernel(', 'ksym(', ')', ':', '=', '0x', 'a', '0', '\u0000', '(', ' if ', '🙂'];
  const makeText = () =>
    Array.from({ length: random(9) }, () => alphabet[random(alphabet.length)]).join('');
  for (let i = 0; i < 20_000; i += 1) {
    const dependency: RpmDependency = { name: makeText(), op: '=', version: makeText() };

    const found = readSymbolDependencies({ requires: [dependency], provides: [dependency] });

    for (const { symbol, crc } of [...found.imports, ...found.exports]) {
      assert.match(symbol, /^[\w.$]+$/);
      assert.ok(Number.isInteger(crc) && crc >= 0 && crc < 2 ** 32);
    }
  }
});
