import assert from 'node:assert/strict';
import test from 'node:test';
import type { UpkeepPart } from '../../model/upkeep.ts';
import { upkeepToText } from '../../report/upkeep-text.ts';

const PARTS: readonly UpkeepPart[] = [
  {
    part: 'store',
    removed: [
      { what: 'files that nothing refers to', count: 2, freedBytes: 3_145_728, names: ['a'] },
    ],
    problems: [],
  },
  {
    part: 'builders',
    removed: [
      { what: 'builds of ended runs', count: 0, names: [] },
      { what: 'scratch directories of ended work', count: 1, names: ['build-1'] },
    ],
    problems: [],
  },
  { part: 'signer', removed: [], problems: ['Nobody answers'] },
];

test('upkeepToText() sums up, tells each kind that went, and what could not be done', () => {
  assert.equal(
    upkeepToText({ parts: PARTS, isDryRun: false }),
    [
      'Removed 3 things, 3.0 MiB',
      '- 2 files that nothing refers to, 3.0 MiB: a, …',
      '- 1 scratch directories of ended work: build-1',
      '- signer: Nobody answers',
    ].join('\n'),
  );
});

test('upkeepToText() tells a dry run apart, and when nothing was to do', () => {
  assert.match(upkeepToText({ parts: PARTS, isDryRun: true }), /^Would remove 3 things, 3\.0 MiB/);
  assert.equal(upkeepToText({ parts: [], isDryRun: true }), 'Nothing would be removed');
  assert.equal(upkeepToText({ parts: [], isDryRun: false }), 'Nothing was to be removed');
});
