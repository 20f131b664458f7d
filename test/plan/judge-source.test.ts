import assert from 'node:assert/strict';
import test from 'node:test';
import type { CellOutcome } from '../../model/cell.ts';
import { judgeSource, type SourceFacts } from '../../plan/judge-source.ts';

const FAILED: CellOutcome = { kind: 'failed', step: 'build', reason: 'no', durationMs: 1 };
const KEPT: CellOutcome = { kind: 'kept' };
const OLD = { sourceDigest: 'old', inputDigest: 'old-in' };
const NOW = { sourceDigest: 'new', inputDigest: 'new-in' };
const PUBLISHED: Extract<CellOutcome, { kind: 'published' }> = {
  ...{ kind: 'published', packages: [], repository: 'kmods', snapshot: '000001' },
  build: {
    ...OLD,
    ...{ buildNumber: 1, durationMs: 1, attemptLog: 'logs/a' },
    modules: { sha256: '0', sizeBytes: 1, moduleCount: 1 },
  },
};

const CASES: readonly [what: string, changes: Partial<SourceFacts>, verdict: string][] = [
  [
    'a source that changed since a build',
    { record: { outcome: PUBLISHED, planned: OLD } },
    'rebuild new-source',
  ],
  [
    'a source that changed since a failure',
    { record: { outcome: FAILED, planned: OLD } },
    'rebuild new-source',
  ],
  [
    'a source that changed since a build was kept',
    { record: { outcome: KEPT, planned: OLD } },
    'rebuild new-source',
  ],
  [
    'a cell of an earlier version that was built of another source',
    { record: { outcome: PUBLISHED, lastBuild: PUBLISHED } },
    'rebuild new-source',
  ],
  ['a source that could not be read before', { record: { outcome: FAILED } }, 'rebuild never-read'],
  [
    'a source that failed in another builder',
    { record: { outcome: FAILED, planned: { ...NOW, inputDigest: 'old-in' } } },
    'rebuild builder-changed',
  ],
  [
    'a source that failed before',
    { record: { outcome: FAILED, planned: NOW } },
    'skip failed-before',
  ],
  ['a source that was published', { record: { outcome: PUBLISHED, planned: NOW } }, 'skip built'],
  [
    'a source that a person had cancelled',
    { record: { outcome: { kind: 'cancelled' }, planned: NOW } },
    'skip built',
  ],
  [
    'a kernel that the kmod is not for',
    { isExcluded: true, record: { outcome: FAILED, planned: OLD } },
    'skip excluded',
  ],
  ['a kernel that was not rolled out yet', {}, 'skip not-rolled-out'],
  [
    'a source that was handed on already',
    { handedOn: 'new-in', record: { outcome: FAILED, planned: OLD } },
    'skip handed-on',
  ],
  [
    'a source after another was handed on',
    { handedOn: 'old-in', record: { outcome: FAILED, planned: OLD } },
    'rebuild new-source',
  ],
];

for (const [what, changes, expected] of CASES) {
  test(`judgeSource() answers ${expected.replace(' ', ': ')} to ${what}`, () => {
    const { kind, why } = judgeSource({ ...NOW, isExcluded: false, ...changes });

    assert.equal(`${kind} ${why}`, expected);
  });
}

test('judgeSource() takes a failure for final while it only knows that the source is the same', () => {
  const record = { outcome: FAILED, planned: { ...NOW, inputDigest: 'old-in' } };

  const verdict = judgeSource({ sourceDigest: 'new', isExcluded: false, record });

  assert.deepEqual(verdict, { kind: 'skip', why: 'failed-before' });
});

const OUTCOMES: readonly CellOutcome[] = [
  ...[FAILED, KEPT, PUBLISHED],
  ...([{ kind: 'excluded' }, { kind: 'cancelled' }, { kind: 'blocked', by: 'x' }] as const),
];
const PLANNED = [OLD, NOW, { ...NOW, inputDigest: 'old-in' }, undefined];

/** Every combination of what can be known. */
function everyFacts(): readonly SourceFacts[] {
  const records = OUTCOMES.flatMap((outcome) =>
    PLANNED.flatMap((planned) =>
      [PUBLISHED, undefined].map((lastBuild) => ({
        outcome,
        ...(planned ? { planned } : {}),
        ...(lastBuild ? { lastBuild } : {}),
      })),
    ),
  );
  return records.flatMap((record) =>
    ['old-in', 'new-in', undefined].flatMap((handedOn) =>
      [false, true].map((isExcluded) => ({
        ...{ ...NOW, isExcluded, record },
        ...(handedOn === undefined ? {} : { handedOn }),
      })),
    ),
  );
}

test('judgeSource() asks for nothing twice, nor for what an attempt of the same input came to', () => {
  for (const facts of everyFacts()) {
    const { record, inputDigest = '' } = facts;
    assert.equal(judgeSource({ ...facts, handedOn: inputDigest }).kind, 'skip');
    if (!record) continue;
    assert.equal(judgeSource({ ...facts, record: { ...record, planned: NOW } }).kind, 'skip');
  }
});

test('judgeSource() overlooks no new source of a kernel that the kmod is for', () => {
  for (const facts of everyFacts()) {
    if (facts.isExcluded || facts.handedOn === 'new-in' || facts.record?.planned !== OLD) continue;
    assert.equal(judgeSource(facts).kind, 'rebuild');
  }
});
