import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellToHtml } from '../../report/cell-page.ts';
import { cellPagePath } from '../../report/cell-page-path.ts';
import {
  failed,
  sampleKernel,
  sampleKmod,
  sampleRecord,
  sampleStatus,
  sampleStream,
} from './sample-status.ts';

const EVIL = `"><script>alert(1)</script>'\u001b[31m\u202e&`;

test('cellToHtml() tells what happens, the symbols, and the ways further', () => {
  const report = sampleStatus();
  for (const cell of report.cells.filter(({ state }) => state !== 'unknown')) {
    const html = cellToHtml(report, cell);
    assert.match(html, /<h2 id="what">What happens/);
    assert.ok(html.includes(`rekmod why ${cell.kmod} ${cell.release}`));
    assert.equal(html.includes('reproduce'), cell.outcome?.kind === 'published');
    assert.doesNotMatch(html, /<script|<link|<img/);
  }
});

test('cellToHtml() shows symbols with both CRCs where the verdict names them', () => {
  const report = sampleStatus();
  const pages = report.cells.map((cell) => cellToHtml(report, cell));
  assert.ok(pages.some((page) => /<h2 id="symbols">[\s\S]*0x[0-9a-f]{8}/.test(page)));
});

test('cellToHtml() escapes names, reasons and addresses', () => {
  const report = sampleStatus({
    streams: [{ stream: sampleStream(EVIL, EVIL), kernels: [sampleKernel(EVIL, 1)] }],
    kmods: [sampleKmod(EVIL, [EVIL])],
    records: [
      sampleRecord([EVIL, EVIL, EVIL], { kind: 'rebuild', why: 'never-built' }, failed(EVIL)),
    ],
    active: [],
    linkCell: () => ({ log: EVIL, temporal: 'javascript:alert(1)' }),
  });
  const [cell] = report.cells;
  assert.ok(cell);
  const html = cellToHtml(report, cell);
  assert.doesNotMatch(html, /<script|javascript:|\u202e/u);
  assert.ok(!html.includes('\u001b'));
});

test('cellPagePath() stays below cells/ and differs for different names', () => {
  const path = (name: string) => cellPagePath({ stream: name, kmod: name, release: name });
  const names = ['..', '.', '', ' ', '/etc', '../../x', 'a/b', 'a_b', 'jool', 'Jool', '%2e%2e'];
  for (const name of names) {
    assert.match(path(name), /^cells(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*){3}$/, name);
  }
  assert.equal(new Set(names.filter((name) => name !== '').map(path)).size, names.length - 1);
  assert.equal(path('6.1.0-55'), 'cells/6.1.0-55/6.1.0-55/6.1.0-55.html');
});
