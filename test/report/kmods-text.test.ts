import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusReport } from '../../model/status.ts';
import { kernelsToText } from '../../report/kernels-text.ts';
import { kmodsToText, listKmodStandings } from '../../report/kmods-text.ts';
import { describeChanges } from '../../report/matrix-changes.ts';
import { sampleKmod, sampleStatus } from './sample-status.ts';

const STYLE = { color: false };
const HOSTILE = 'x\u001b[2J\nforged line';

function withState(report: StatusReport, index: number, state: 'failed' | 'built'): StatusReport {
  return {
    ...report,
    cells: report.cells.map((cell, at) => (at === index ? { ...cell, state } : cell)),
  };
}

test('listKmodStandings() tells each kmod on the newest kernel of each of its streams', () => {
  const report = sampleStatus();
  const [first] = report.cells;
  assert.ok(first);
  const standings = listKmodStandings(report, [sampleKmod(first.kmod, [first.stream], true)]);
  assert.equal(standings.length, 1);
  const own = report.cells.filter(
    ({ kmod, stream }) => kmod === first.kmod && stream === first.stream,
  );
  assert.equal(standings[0]?.newestKernel, own.at(-1)?.release);
  assert.equal(standings[0]?.state, own.at(-1)?.state);
  const counted = Object.values(standings[0]?.counts ?? {}).reduce((sum, count) => sum + count, 0);
  assert.equal(counted, own.length);
  assert.match(
    kmodsToText(standings, STYLE),
    new RegExp(`^${first.kmod} +${first.stream} +required`),
  );
});

test('kmods without a kernel and no kmods at all are told so', () => {
  const standings = listKmodStandings({ ...sampleStatus(), cells: [] }, [
    sampleKmod('new', ['lab']),
  ]);
  assert.match(kmodsToText(standings, STYLE), /on no kernel yet/);
  assert.equal(kmodsToText([], STYLE), 'no kmods are configured\n');
});

test('kernelsToText() writes the newest first, a line each, whatever names hold', () => {
  const [stream] = sampleStatus().streams;
  assert.ok(stream);
  const lines = kernelsToText(stream, STYLE).trimEnd().split('\n');
  assert.equal(lines.length, stream.kernels.length + 1);
  assert.ok(lines[1]?.includes(stream.kernels.at(-1)?.release ?? '?'));
  const kernels = stream.kernels.map((kernel) => ({ ...kernel, release: HOSTILE }));
  const hostile = kernelsToText({ ...stream, kernels }, STYLE);
  assert.equal(hostile.trimEnd().split('\n').length, stream.kernels.length + 1);
  assert.ok(!hostile.includes('\u001b'));
});

test('describeChanges() tells what changed, and nothing at first', () => {
  const report = sampleStatus();
  assert.deepEqual(describeChanges(undefined, report), []);
  assert.deepEqual(describeChanges(report, report), []);
  const before = withState(report, 0, 'built');
  const [line, ...more] = describeChanges(before, withState(report, 0, 'failed'));
  assert.deepEqual(more, []);
  assert.match(line ?? '', /: built → failed; /);
});
