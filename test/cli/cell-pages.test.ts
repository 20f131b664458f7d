import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { openCellPages } from '../../cli/cell-pages.ts';
import { pauseAfter } from '../../cli/status-writer.ts';
import { cellPagePath } from '../../report/cell-page-path.ts';
import { sampleStatus } from '../report/sample-status.ts';
import { makeScratch } from '../support/scratch.ts';

test('pauseAfter() leaves nine tenths of the time to the work, and changes of a moment together', () => {
  assert.equal(pauseAfter(10), 400);
  assert.equal(pauseAfter(1000), 9000);
});

test('openCellPages() writes what changed alone, and removes what is gone', async () => {
  await using scratch = await makeScratch();
  const write = openCellPages(scratch.path);
  const report = sampleStatus();
  const known = report.cells.filter(({ state }) => state !== 'unknown');
  const [first, second] = known;
  assert.ok(first && second);

  await write(report);
  const files = await readdir(`${scratch.path}/cells`, { recursive: true });
  assert.equal(files.filter((name) => name.endsWith('.html')).length, known.length);
  const before = await stat(`${scratch.path}/${cellPagePath(second)}`);

  const changed = { ...first, sentence: 'now it is another', phase: 'running' as const };
  const cells = [changed, ...report.cells.filter((cell) => cell !== first)];
  await write({ ...report, generatedAt: '2027-01-01T00:00:00.000Z', cells });
  assert.match(
    await readFile(`${scratch.path}/${cellPagePath(first)}`, 'utf8'),
    /now it is another/,
  );
  const after = await stat(`${scratch.path}/${cellPagePath(second)}`);
  assert.equal(after.ino, before.ino, 'a page that says the same stays the same file');

  await openCellPages(scratch.path)({ ...report, cells: [second] });
  const left = await readdir(`${scratch.path}/cells`, { recursive: true });
  assert.deepEqual(
    left.filter((name) => name.endsWith('.html')).map((name) => `cells/${name}`),
    [cellPagePath(second)],
  );
});
