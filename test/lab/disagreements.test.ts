import assert from 'node:assert/strict';
import test from 'node:test';
import { findDisagreements } from '../../lab/truth/disagreements.ts';
import type { LoaderAnswer } from '../../lab/truth/loader-answer.ts';
import type { Pair } from '../../lab/truth/pair.ts';
import type { SymbolProblem } from '../../model/kabi.ts';
import type { Verdict } from '../../model/verdict.ts';
import { moduleOf } from '../support/plan-facts.ts';

const KEEP: Verdict = { kind: 'keep', why: 'built-for-this-kernel' };
const LOADS: LoaderAnswer = { kind: 'loads', taint: 'OE', withoutDevice: [] };
const NO_LIST = { lostCount: 0, refusedCount: 0, crcCount: 0, shown: [] };
const REFUSAL = { module: 'jool', errno: 'EINVAL', symbols: [], isCut: false, sentences: [] };
const WEAK_MODULE = {
  ...moduleOf('jool'),
  imports: [{ symbol: 'capable', crc: 1, isWeak: true as const }],
};

function rebuildOf(why: 'crc-changed' | 'no-modversions'): Verdict {
  return { kind: 'rebuild', why, donor: 'A', problems: NO_LIST };
}

function refusesOf(...symbols: readonly string[]): LoaderAnswer {
  return {
    kind: 'refuses',
    refusals: [{ module: 'jool', errno: 'EINVAL', symbols, isCut: false, sentences: [] }],
    withoutDevice: [],
  };
}

function problemOf(kind: SymbolProblem['kind'], symbol = 'printk'): SymbolProblem {
  return { kind, symbol, usedBy: 'jool', wantedCrc: 1, foundCrc: 2 };
}

function pairOf(changes: Partial<Pair> = {}): Pair {
  return {
    kmod: 'jool',
    variant: 'as built',
    builtFor: 'A',
    kernel: 'B',
    verdict: KEEP,
    problems: [],
    linkProblems: [],
    modules: [moduleOf('jool', { imports: { printk: 1 } })],
    loader: LOADS,
    depmod: { fits: true, complaints: [] },
    weak: { modules: 'all', modules2: true, misfitsInGroup: [] },
    isNegative: false,
    ...changes,
  };
}

/** A pair about which rekmod says no, and depmod and the scripts yes. */
function unseenOf(problem: SymbolProblem, changes: Partial<Pair> = {}): Pair {
  return pairOf({
    verdict: { kind: 'broken', why: 'symbols-refused', donor: 'A', problems: NO_LIST },
    problems: [problem],
    loader: refusesOf(problem.symbol),
    ...changes,
  });
}

function classesOf(pair: Pair): readonly (readonly [judge: string, name: string | undefined])[] {
  return findDisagreements(pair).map((found) => [found.judge, found.class]);
}

test('findDisagreements() finds none where all say the same', () => {
  const problems = [problemOf('crc')];
  const complaints = [{ kmod: 'jool', module: 'jool', symbol: 'printk', kind: 'version' }] as const;
  const refused = pairOf({
    verdict: rebuildOf('crc-changed'),
    problems,
    linkProblems: problems,
    loader: refusesOf('printk'),
    depmod: { fits: false, complaints },
    weak: { modules: 'none', modules2: false, misfitsInGroup: [] },
  });

  assert.deepEqual(classesOf(pairOf()), []);
  assert.deepEqual(classesOf(refused), []);
});

test('findDisagreements() has no excuse for a kept build that the loader does not take', () => {
  assert.deepEqual(classesOf(pairOf({ loader: { kind: 'crashes', detail: 'BUG: x' } })), [
    ['loader', undefined],
  ]);
  assert.deepEqual(classesOf(pairOf({ loader: refusesOf('printk') })), [
    ['loader', undefined],
    ['symbols of the loader', undefined],
  ]);
});

test('findDisagreements() excuses a rebuild of what loads only where CRCs are missing', () => {
  const blind = moduleOf('jool', { importsWithoutCrc: ['printk'] });
  const silent = { modules: 'none', modules2: false, misfitsInGroup: [] } as const;
  const complaints = [{ kmod: 'jool', module: 'jool', symbol: 'printk', kind: 'version' }] as const;
  const depmod = { fits: false, complaints };

  assert.deepEqual(
    classesOf(
      pairOf({ verdict: rebuildOf('no-modversions'), modules: [blind], depmod, weak: silent }),
    ),
    [
      ['loader', 'no-modversions'],
      ['symbols of depmod', 'no-modversions'],
    ],
  );
  const seen = pairOf({
    verdict: rebuildOf('crc-changed'),
    problems: [problemOf('crc')],
    linkProblems: [problemOf('crc')],
    depmod,
    weak: silent,
  });
  assert.deepEqual(classesOf(seen), [['loader', undefined]]);
});

for (const kind of ['gpl-only', 'namespace', 'duplicate'] as const) {
  test(`findDisagreements() knows that depmod and the scripts do not see ${kind}`, () => {
    assert.deepEqual(classesOf(unseenOf(problemOf(kind))), [
      ['depmod', kind],
      ['weak-modules', kind],
      ['weak-modules2', kind],
    ]);
  });
}

test('findDisagreements() accepts a blind spot only if it is the only reason', () => {
  const both = unseenOf(problemOf('gpl-only'), {
    problems: [problemOf('gpl-only'), problemOf('crc', 'kfree')],
    loader: refusesOf('kfree', 'printk'),
  });

  assert.deepEqual(classesOf(both), [
    ['depmod', undefined],
    ['weak-modules', undefined],
    ['weak-modules2', undefined],
  ]);
});

test('findDisagreements() tells the CRC of a weak import from any other', () => {
  const problem = problemOf('crc', 'capable');
  const weak = unseenOf(problem, { linkProblems: [problem], modules: [WEAK_MODULE] });

  assert.deepEqual(classesOf(weak), [
    ['depmod', 'weak-import'],
    ['weak-modules', 'weak-import'],
    ['weak-modules2', 'weak-import'],
    ['symbols of depmod', 'weak-import'],
  ]);
  const strong = unseenOf(problem, { linkProblems: [problem] });
  assert.ok(classesOf(strong).every(([, name]) => name === undefined));
});

test('findDisagreements() explains a dropped group by a kmod that does not fit, else not at all', () => {
  const dropped = (misfitsInGroup: readonly string[]): Pair =>
    pairOf({ weak: { modules: 'none', modules2: true, misfitsInGroup } });

  assert.deepEqual(classesOf(dropped(['user'])), [['weak-modules', 'group']]);
  assert.deepEqual(classesOf(dropped([])), [['weak-modules', undefined]]);
});

test('findDisagreements() compares symbol by symbol with depmod, both ways', () => {
  const complaints = [
    { kmod: 'jool', module: 'jool', symbol: 'kfree', kind: 'unknown' },
    { kmod: 'jool', module: 'jool', symbol: 'printk', kind: 'unknown' },
  ] as const;
  const found = findDisagreements(
    pairOf({
      linkProblems: [problemOf('crc')],
      depmod: { fits: true, complaints },
    }),
  );

  assert.deepEqual(
    found.map(({ detail }) => detail),
    [
      'only rekmod names jool printk version',
      'only depmod names jool kfree unknown',
      'only depmod names jool printk unknown',
    ],
  );
});

test('findDisagreements() does not ask for symbols of a family whose provider was refused', () => {
  const refusals = [
    { ...REFUSAL, module: 'jool_common', symbols: ['printk'] },
    { ...REFUSAL, module: 'jool', symbols: ['jool_add'] },
  ];
  const pair = pairOf({
    verdict: rebuildOf('crc-changed'),
    problems: [{ ...problemOf('crc'), usedBy: 'jool_common' }],
    modules: [moduleOf('jool_common', { exports: { jool_add: 1 } }), moduleOf('jool')],
    loader: { kind: 'refuses', refusals, withoutDevice: [] },
    depmod: { fits: false, complaints: [] },
    weak: { modules: 'none', modules2: false, misfitsInGroup: [] },
  });

  assert.deepEqual(classesOf(pair), []);
});

test('findDisagreements() wants every problem of rekmod named by the kernel, if it looked', () => {
  const disagreeing = (changes: Partial<typeof REFUSAL>): Pair =>
    unseenOf(problemOf('gpl-only'), {
      loader: { kind: 'refuses', refusals: [{ ...REFUSAL, ...changes }], withoutDevice: [] },
    });
  const found = (changes: Partial<typeof REFUSAL>): readonly string[] =>
    findDisagreements(disagreeing(changes))
      .filter(({ judge }) => judge === 'symbols of the loader')
      .map(({ detail }) => detail);

  assert.deepEqual(found({}), ['only rekmod names jool printk']);
  assert.deepEqual(found({ errno: 'ENOEXEC' }), [], 'it did not look at symbols');
  assert.deepEqual(found({ isCut: true }), [], 'not all of it is known');
});

test('findDisagreements() does not ask for symbols of a family without hardware', () => {
  const refusals = [{ ...REFUSAL, symbols: ['jool_add', 'printk'] }];
  const pair = unseenOf(problemOf('crc'), {
    linkProblems: [],
    modules: [moduleOf('jool_common', { exports: { jool_add: 1 } }), moduleOf('jool')],
    loader: { kind: 'refuses', refusals, withoutDevice: ['jool_common'] },
  });

  assert.ok(classesOf(pair).every(([judge]) => judge !== 'symbols of the loader'));
});

test('findDisagreements() says so when a case does not show what it was made for', () => {
  const pair = pairOf({ isNegative: true, expectedLoader: 'refuses' });

  assert.deepEqual(classesOf(pair), [['the case itself', undefined]]);
});
