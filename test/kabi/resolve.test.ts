import assert from 'node:assert/strict';
import test from 'node:test';
import { readModuleFacts } from '../../kabi/module-facts.ts';
import {
  collectExports,
  findNewDependencies,
  findProblems,
  type KmodExports,
} from '../../kabi/resolve.ts';
import { parseSymvers } from '../../kabi/symvers.ts';
import type { ModuleFacts } from '../../model/kabi.ts';
import { readFixture, readFixtureText } from './fixtures.ts';

const NO_PROVIDERS: KmodExports = new Map();
const kernel54 = parseSymvers(readFixtureText('symvers/debian-6.1.0-54-amd64.symvers'));
const kernel55 = parseSymvers(readFixtureText('symvers/debian-6.1.0-55-amd64.symvers'));
const acpiCall = readModuleFacts(readFixture('modules/acpi_call.ko'));

function moduleOf(name: string, facts: Partial<ModuleFacts>): ModuleFacts {
  return {
    name,
    vermagic: '',
    license: 'GPL',
    depends: [],
    imports: [],
    importsWithoutCrc: [],
    exports: [],
    importNamespaces: [],
    ...facts,
  };
}

test('findProblems() finds none on the kernel that a module was built for', () => {
  const problems = findProblems({ modules: [acpiCall], kernel: kernel54, providers: NO_PROVIDERS });

  assert.deepEqual(problems, []);
});

test('findProblems() names both CRCs on the next kernel', () => {
  const problems = findProblems({ modules: [acpiCall], kernel: kernel55, providers: NO_PROVIDERS });

  assert.deepEqual(
    problems.find((problem) => problem.symbol === 'module_layout'),
    {
      kind: 'crc',
      symbol: 'module_layout',
      usedBy: 'acpi_call',
      wantedCrc: 0xbce1a965,
      foundCrc: kernel55.get('module_layout')?.crc,
      provider: 'vmlinux',
    },
  );
  assert.ok(problems.every((problem) => problem.kind === 'crc'));
});

test('findProblems() sorts lost symbols first, then by symbol and module', () => {
  const imports = [
    { symbol: 'a', crc: 1 },
    { symbol: 'z', crc: 1 },
  ];
  const kernel = parseSymvers('0x2\ta\tvmlinux\tEXPORT_SYMBOL\t\n');

  const problems = findProblems({
    modules: [moduleOf('two', { imports }), moduleOf('one', { imports })],
    kernel,
    providers: NO_PROVIDERS,
  });

  assert.deepEqual(
    problems.map(({ kind, symbol, usedBy }) => `${kind} ${symbol} ${usedBy}`),
    ['lost z one', 'lost z two', 'crc a one', 'crc a two'],
  );
});

const WANTS_A = moduleOf('user', { imports: [{ symbol: 'a', crc: 7 }] });
const NOTHING = parseSymvers('');
const OFFERS: readonly [title: string, input: object, expected: readonly object[]][] = [
  ["takes the family's own exports", { modules: [exporterOf(7), WANTS_A] }, []],
  [
    "refuses the family's own exports of another CRC",
    { modules: [exporterOf(8), WANTS_A] },
    [{ kind: 'crc', foundCrc: 8, provider: 'exporter' }],
  ],
  ['takes other kmods', { providers: new Map([['a', [7]]]) }, []],
  [
    'refuses other kmods of another CRC',
    { providers: new Map([['a', [9]]]) },
    [{ kind: 'crc', foundCrc: 9 }],
  ],
  [
    'takes another kmod where the kernel has another CRC',
    {
      kernel: parseSymvers('0x8\ta\tvmlinux\tEXPORT_SYMBOL\t\n'),
      providers: new Map([['a', [7]]]),
    },
    [],
  ],
  [
    'does not believe a kernel that tells no CRC',
    { kernel: parseSymvers('0x00000000\ta\tvmlinux\tEXPORT_SYMBOL\t\n') },
    [{ kind: 'crc', foundCrc: 0, provider: 'vmlinux' }],
  ],
  [
    'sees a GPL-only symbol refused to a module of another licence',
    {
      modules: [{ ...WANTS_A, license: 'Proprietary' }],
      kernel: parseSymvers('0x7\ta\tvmlinux\tEXPORT_SYMBOL_GPL\t\n'),
    },
    [{ kind: 'gpl-only', foundCrc: 7, provider: 'vmlinux' }],
  ],
  [
    'lets a module of two licences use a GPL-only symbol',
    {
      modules: [{ ...WANTS_A, license: 'Dual BSD/GPL' }],
      kernel: parseSymvers('0x7\ta\tvmlinux\tEXPORT_SYMBOL_GPL\t\n'),
    },
    [],
  ],
  [
    'sees a namespace that a module does not import',
    { kernel: parseSymvers('0x7\ta\tvmlinux\tEXPORT_SYMBOL\tDMA_BUF\n') },
    [{ kind: 'namespace', foundCrc: 7, provider: 'vmlinux' }],
  ],
  [
    'takes a symbol of a namespace that the module imports',
    {
      modules: [{ ...WANTS_A, importNamespaces: ['DMA_BUF'] }],
      kernel: parseSymvers('0x7\ta\tvmlinux\tEXPORT_SYMBOL\tDMA_BUF\n'),
    },
    [],
  ],
  ['calls it lost when nobody exports it', {}, [{ kind: 'lost' }]],
];
for (const [title, input, expected] of OFFERS) {
  test(`findProblems() ${title}`, () => {
    const defaults = { modules: [WANTS_A], kernel: NOTHING, providers: NO_PROVIDERS };

    const problems = findProblems({ ...defaults, ...input });

    const wanted = { symbol: 'a', usedBy: 'user', wantedCrc: 7 };
    assert.deepEqual(
      problems,
      expected.map((problem) => ({ ...wanted, ...problem })),
    );
  });
}

test('findProblems() asks only for the existence of imports without CRC', () => {
  const module = moduleOf('user', { importsWithoutCrc: ['a', 'b'] });
  const kernel = parseSymvers('0x8\ta\tvmlinux\tEXPORT_SYMBOL\t\n');

  const problems = findProblems({ modules: [module], kernel, providers: NO_PROVIDERS });

  assert.deepEqual(problems, [{ kind: 'lost', symbol: 'b', usedBy: 'user', wantedCrc: 0 }]);
});

test('findProblems() forgives a weak import that is missing, not one with a wrong CRC', () => {
  const modules = [moduleOf('user', { imports: [{ symbol: 'a', crc: 7, isWeak: true }] })];
  const kernel = parseSymvers('0x8\ta\tvmlinux\tEXPORT_SYMBOL\t\n');

  assert.deepEqual(findProblems({ modules, kernel: NOTHING, providers: NO_PROVIDERS }), []);
  const [problem] = findProblems({ modules, kernel, providers: NO_PROVIDERS });
  assert.equal(problem?.kind, 'crc');
});

test('findProblems() sees that vmlinux exports by now what a module exports', () => {
  const kernel = parseSymvers('0x8\ta\tvmlinux\tEXPORT_SYMBOL\t\n');
  const elsewhere = parseSymvers('0x8\ta\tdrivers/exporter\tEXPORT_SYMBOL\t\n');
  const modules = [exporterOf(7)];

  assert.deepEqual(findProblems({ modules, kernel, providers: NO_PROVIDERS }), [
    {
      kind: 'duplicate',
      symbol: 'a',
      usedBy: 'exporter',
      wantedCrc: 7,
      foundCrc: 8,
      provider: 'vmlinux',
    },
  ]);
  assert.deepEqual(findProblems({ modules, kernel: elsewhere, providers: NO_PROVIDERS }), []);
});

test('findProblems() knows neither licence nor namespaces of what only metadata tells of', () => {
  const imports = [{ symbol: 'a', crc: 7 }];
  const modules = [moduleOf('user', { imports, license: '', isFromMetadata: true })];
  const kernel = parseSymvers('0x7\ta\tvmlinux\tEXPORT_SYMBOL_GPL\tDMA_BUF\n');

  assert.deepEqual(findProblems({ modules, kernel, providers: NO_PROVIDERS }), []);
});

test('findProblems() lets only the named modules use a restricted symbol', () => {
  const kernel = parseSymvers('0x7\ta\tvmlinux\tEXPORT_SYMBOL_GPL\tmodule:kvm-*,vhost-net\n');
  const imports = [{ symbol: 'a', crc: 7 }];
  const refused = ['kvm_amd', 'vhost_net', 'vhost_net2', 'user'].filter(
    (name) =>
      findProblems({
        modules: [moduleOf(name, { imports, importNamespaces: ['module:kvm-*,vhost-net'] })],
        kernel,
        providers: NO_PROVIDERS,
      }).length > 0,
  );

  assert.deepEqual(refused, ['vhost_net2', 'user']);
});

test('findNewDependencies() finds the modules that symbols moved to', () => {
  const kernel = parseSymvers(
    '0x1\ta\tdrivers/net/phy/phy-link\tEXPORT_SYMBOL\t\n0x1\tb\tvmlinux\tEXPORT_SYMBOL\t\n' +
      '0x1\tc\tlib/known-one\tEXPORT_SYMBOL\t\n',
  );
  const imports = ['a', 'b', 'c', 'd'].map((symbol) => ({ symbol, crc: 1 }));
  const module = moduleOf('user', { imports, depends: ['known_one'] });

  assert.deepEqual(findNewDependencies([module], kernel), ['drivers/net/phy/phy-link']);
  assert.deepEqual(findNewDependencies([{ ...module, isFromMetadata: true }], kernel), []);
});

test('collectExports() maps symbols to the CRCs of each kmod, its first module winning', () => {
  const index = new Map<string, readonly number[]>();
  collectExports(index, [exporterOf(7), exporterOf(8)]);
  collectExports(index, [exporterOf(9)]);
  collectExports(index, [exporterOf(9)]);

  assert.deepEqual([...index], [['a', [7, 9]]]);
});

function exporterOf(crc: number): ModuleFacts {
  return moduleOf('exporter', { exports: [{ symbol: 'a', crc }] });
}
