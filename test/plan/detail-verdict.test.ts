import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSeverities } from '../../kabi/severities.ts';
import type { SymbolProblem } from '../../model/kabi.ts';
import type { Verdict } from '../../model/verdict.ts';
import { detailVerdict, type VerdictDetails } from '../../plan/detail-verdict.ts';
import { symversOf } from '../support/plan-facts.ts';

const STRLCPY: SymbolProblem = {
  kind: 'lost',
  symbol: 'strlcpy',
  usedBy: 'jool',
  alsoUsedBy: ['jool_common'],
  wantedCrc: 1,
};
const KFREE: SymbolProblem = {
  kind: 'crc',
  symbol: 'kfree',
  usedBy: 'jool',
  wantedCrc: 1,
  foundCrc: 2,
  provider: 'vmlinux',
};
const AFTER = symversOf({ kfree: 2 });

function brokenOf(shown: readonly SymbolProblem[]): Verdict {
  const problems = { lostCount: 1, refusedCount: 0, crcCount: 1, shown };
  return { kind: 'broken', why: 'symbols-lost', donor: '6.1', problems };
}

function detailsOf(
  shown: readonly SymbolProblem[],
  details: Omit<VerdictDetails, 'after'>,
): readonly SymbolProblem[] {
  const verdict = detailVerdict(brokenOf(shown), { after: AFTER, ...details });
  return 'problems' in verdict ? verdict.problems.shown : [];
}

test('detailVerdict() names functions of all modules that use a symbol, at most three', () => {
  const uses = new Map([
    ['jool', new Map([['strlcpy', ['a', 'b']]])],
    ['jool_common', new Map([['strlcpy', ['b', 'c', 'd']]])],
    ['other', new Map([['kfree', ['z']]])],
  ]);

  const [strlcpy, kfree] = detailsOf([STRLCPY, KFREE], { uses });

  assert.deepEqual(strlcpy, { ...STRLCPY, functions: ['a', 'b', 'c'] });
  assert.deepEqual(kfree, KFREE);
});

test('detailVerdict() keeps a verdict small whatever functions are called', () => {
  const names = ['a', 'b', 'c'].map((letter) => letter.repeat(128));
  const problems = Array.from({ length: 12 }, (_, index) => ({ ...KFREE, symbol: `s${index}` }));
  const uses = new Map([['jool', new Map(problems.map(({ symbol }) => [symbol, names]))]]);

  const shown = detailsOf(problems, { uses });

  assert.deepEqual(
    shown.map(({ functions }) => functions?.length ?? 0),
    [3, 3, ...Array(10).fill(0)],
  );
});

test('detailVerdict() names who exported what is gone', () => {
  const before = symversOf({ strlcpy: 1, kfree: 1 });

  assert.equal(detailsOf([STRLCPY], { before })[0]?.provider, 'vmlinux');
  assert.equal(detailsOf([STRLCPY], {})[0]?.provider, undefined);
});

test('detailVerdict() marks what is on the stablelist, only where there is one', () => {
  const stablelist = new Set(['kfree']);

  assert.deepEqual(
    detailsOf([STRLCPY, KFREE], { stablelist }).map(({ isStable }) => isStable),
    [false, true],
  );
  assert.deepEqual(detailsOf([KFREE], {}), [KFREE]);
});

test('detailVerdict() marks what the severities tolerate where it was exported before', () => {
  const before = new Map(
    [
      ...symversOf({ kfree: 1 }),
      [
        'strlcpy',
        { symbol: 'strlcpy', crc: 1, module: 'drivers/staging/x', namespace: '' },
      ] as const,
    ].map(([symbol, exported]) => [symbol, { exportType: 'EXPORT_SYMBOL' as const, ...exported }]),
  );
  const severities = parseSeverities('drivers/staging/*\tPASS\nkf*\tFAIL\n');

  assert.deepEqual(
    detailsOf([STRLCPY, KFREE], { before, severities }).map(({ isTolerated }) => isTolerated),
    [true, undefined],
  );
});

test('detailVerdict() leaves a verdict without symbols as it is', () => {
  const verdict: Verdict = { kind: 'keep', why: 'built-for-this-kernel' };

  assert.equal(detailVerdict(verdict, { after: AFTER }), verdict);
});
