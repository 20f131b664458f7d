import assert from 'node:assert/strict';
import test from 'node:test';
import { type CorpusOutcome, isCausedByRekmod, summarize } from '../../lab/corpus/outcome.ts';
import type { DkmsAnswer } from '../../lab/corpus/packages.ts';
import {
  describeOutcomes,
  describeSummary,
  describeTroubles,
  isGood,
} from '../../lab/corpus/report.ts';
import type { CellState } from '../../model/cell-state.ts';

function outcomeOf(kmod: string, state: CellState, dkms?: DkmsAnswer): CorpusOutcome {
  const explanation = {
    stream: 'lab',
    release: 'A',
    kmod,
    state,
    headline: `${kmod} could not be compiled.`,
    needsAction: true,
    facts: [
      { label: 'outcome', text: 'x.c:1: error: y' },
      { label: 'workflow', text: 'w' },
    ],
    symbols: [],
    hiddenSymbolCount: 0,
  };
  return {
    kmod,
    release: 'A',
    state,
    ...(state === 'built' ? { seconds: 3.25 } : {}),
    ...(dkms ? { trouble: { explanation, dkms } } : {}),
  };
}

const JUDGED: readonly [CellState, DkmsAnswer | undefined, boolean][] = [
  ['built', undefined, false],
  ['kept', undefined, false],
  ['failed', 'fails', false],
  ['failed', 'builds', true],
  ['failed', 'excludes', true],
  ['failed', undefined, true],
  ['blocked', 'builds', true],
  ['excluded', 'excludes', false],
  ['excluded', 'builds', true],
  ['excluded', 'fails', true],
];
for (const [state, dkms, isCaused] of JUDGED) {
  const whose = isCaused ? "rekmod's" : 'not rekmod’s';
  test(`isCausedByRekmod() calls ${state} ${whose} where dkms ${dkms ?? 'was not asked'}`, () => {
    assert.equal(isCausedByRekmod(outcomeOf('jool', state, dkms)), isCaused);
  });
}

test('summarize() counts every cell once', () => {
  const outcomes = [
    outcomeOf('a', 'built'),
    outcomeOf('b', 'kept'),
    outcomeOf('c', 'failed', 'fails'),
    outcomeOf('d', 'excluded', 'builds'),
  ];

  assert.equal(
    describeSummary(summarize(outcomes)),
    'modules: 4, kernels: 1, cells: 4, built: 1, kept: 1, failed: 2, caused by rekmod: 1',
  );
});

test('isGood() wants twenty modules, all cells and no fault of rekmod', () => {
  const names = Array.from({ length: 20 }, (_, i) => `kmod-${i}`);
  const all = names.map((name) => outcomeOf(name, 'built'));

  assert.equal(isGood(all, ['A']), true);
  assert.equal(isGood(all.slice(1), ['A']), false);
  assert.equal(isGood(all, ['A', 'B']), false);
  assert.equal(isGood([...all, outcomeOf('x', 'failed', 'builds')], ['A']), false);
});

test('describeOutcomes() writes a row a kmod with the seconds of its builds', () => {
  const text = describeOutcomes([outcomeOf('b', 'kept'), outcomeOf('a', 'built')], ['A']);

  assert.match(text, /^kmod +A\na +built +3\.3 s\nb +kept$/);
});

test('describeTroubles() gives the explanation and whose fault it is, of bare cells alone', () => {
  const text = describeTroubles([
    outcomeOf('a', 'built'),
    outcomeOf('b', 'failed', 'fails'),
    outcomeOf('c', 'failed', 'builds'),
  ]);

  assert.match(text, /^b A failed; dkms fails as well: the module's own$/m);
  assert.match(text, /^c A failed; dkms builds: caused by rekmod$/m);
  assert.match(text, /^ {4}b could not be compiled\.\n {4}outcome: x\.c:1: error: y$/m);
  assert.doesNotMatch(text, /workflow|^a /m);
});
