import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CellState } from '../../model/cell-state.ts';
import { CELL_STATES } from '../../model/status.ts';
import { describeCounts, findCellState, STATE_LOOKS } from '../../report/cell-state.ts';
import { statusToJson } from '../../report/status-json.ts';
import { CRC_CHANGED, failed, NOW, sampleStatus } from './sample-status.ts';

test('assembleStatus() makes a cell of every kmod and kernel of a stream', () => {
  const report = sampleStatus();

  assert.equal(report.schema, 1);
  assert.equal(report.generatedAt, NOW);
  assert.equal(report.cells.filter(({ stream }) => stream === 'centos-stream-9').length, 5 * 5);
  assert.deepEqual(report.streams[0]?.kmods, [
    'jool',
    'jool-extras',
    'ovpn-dco',
    'v4l2loopback',
    'zfs',
  ]);
  assert.deepEqual(report.streams[0]?.requiredKmods, ['v4l2loopback', 'zfs']);
});

test('assembleStatus() tells the age of the last look', () => {
  const [first, second] = sampleStatus().streams;

  assert.equal(first?.lastLook?.ageSeconds, 240);
  assert.equal(second?.lastLook?.ageSeconds, 12_000);
});

test('assembleStatus() counts every state of a kernel', () => {
  const newest = sampleStatus().streams[0]?.kernels.at(-1);

  assert.ok(newest);
  assert.equal(describeCounts(newest.counts), '1 built, 1 running, 1 waiting, 1 failed, 1 blocked');
});

test('assembleStatus() keeps how the last attempt ended while the next one runs', () => {
  const key = { stream: 'centos-stream-9', kmod: 'jool', release: '5.14.0-615.el9.x86_64' };
  const report = sampleStatus({ active: [{ ...key, phase: 'running', verdict: CRC_CHANGED }] });

  const cell = report.cells.find(
    ({ kmod, release }) => kmod === key.kmod && release === key.release,
  );

  assert.equal(cell?.state, 'running');
  assert.equal(cell?.outcome?.kind, 'failed');
  assert.match(cell?.sentence ?? '', /^rebuild: 41 imported symbols/);
});

test('assembleStatus() manages without streams, kmods and records', () => {
  const report = sampleStatus({ streams: [], kmods: [], records: [], active: [] });

  assert.deepEqual([report.streams, report.cells], [[], []]);
});

test('findCellState() takes work in hand first, then the outcome, then the verdict', () => {
  const verdict = CRC_CHANGED;
  const outcome = failed('x');
  const cases: readonly (readonly [CellState, Parameters<typeof findCellState>[0]])[] = [
    ['running', { verdict, outcome, phase: 'running' }],
    ['waiting', { verdict, outcome, phase: 'queued' }],
    ['failed', { verdict, outcome }],
    ['waiting', { verdict }],
    ['kept', { verdict: { kind: 'keep', why: 'built-for-this-kernel' } }],
    ['blocked', { verdict: { kind: 'blocked', by: 'x' } }],
    ['unknown', {}],
  ];

  for (const [expected, facts] of cases) assert.equal(findCellState(facts), expected);
});

test('STATE_LOOKS tells states apart by word, glyph and ASCII', () => {
  const looks = CELL_STATES.map((state) => STATE_LOOKS[state]);

  assert.equal(new Set(looks.map(({ word }) => word)).size, CELL_STATES.length);
  assert.equal(new Set(looks.map(({ glyph }) => glyph)).size, CELL_STATES.length);
  assert.equal(new Set(looks.map(({ ascii }) => ascii)).size, CELL_STATES.length);
  assert.match(looks.map(({ ascii }) => ascii).join(''), /^[\x21-\x7e]+$/);
});

test('statusToJson() writes the same report back, ended by a line feed and safe inside HTML', () => {
  const report = sampleStatus({ links: { temporalUi: '</script>', repositories: [] } });

  const text = statusToJson(report);

  assert.deepEqual(JSON.parse(text), report);
  assert.match(text, /^\{\n {2}"schema": 1,\n {2}"generatedAt"/);
  assert.ok(text.endsWith('}\n'));
  assert.ok(!text.includes('<'));
});
