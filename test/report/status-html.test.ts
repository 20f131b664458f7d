import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { escapeHtml, link, safeHref } from '../../report/html.ts';
import { STATUS_CSS, STATUS_CSS_HASH } from '../../report/status-css.ts';
import { statusToHtml } from '../../report/status-html.ts';
import { STATUS_SCRIPT, STATUS_SCRIPT_HASH } from '../../report/status-script.ts';
import {
  failed,
  NOW,
  SYMBOL_LOST,
  sampleKernel,
  sampleKmod,
  sampleRecord,
  sampleStatus,
  sampleStream,
} from './sample-status.ts';

const page = statusToHtml(sampleStatus());
const SCRIPT = `<script>${STATUS_SCRIPT}</script>`;

test('STATUS_SCRIPT_HASH is the hash of the script', () => {
  const hash = createHash('sha256').update(STATUS_SCRIPT).digest('base64');

  assert.equal(STATUS_SCRIPT_HASH, `sha256-${hash}`);
});

test('STATUS_CSS_HASH is the hash of the style sheet', () => {
  const hash = createHash('sha256').update(STATUS_CSS).digest('base64');

  assert.equal(STATUS_CSS_HASH, `sha256-${hash}`);
});

test('statusToHtml() allows nothing but its own style sheet and script, and embeds them unchanged', () => {
  const policy = `default-src 'none'; style-src '${STATUS_CSS_HASH}'; script-src '${STATUS_SCRIPT_HASH}'; base-uri 'none'; form-action 'none'`;
  assert.equal(page.split(SCRIPT).length, 2);

  assert.ok(page.includes(`<meta http-equiv="Content-Security-Policy" content="${policy}">`));
  assert.ok(page.includes(`<style>${STATUS_CSS}</style>`));
  assert.doesNotMatch(
    page.replace(SCRIPT, ''),
    /<script|<img|<link|<iframe|\sstyle=|\son\w+=|@import|url\(/,
  );
});

test('statusToHtml() shows a table with caption and scopes', () => {
  assert.match(page, /<caption>5 kmods, newest kernel at the right<\/caption>/);
  assert.match(
    page,
    /<th scope="col"><span class="release mono">5\.14\.0-598<small>\.el9\.x86_64</,
  );
  assert.match(page, /<th scope="row" title="zfs">zfs<span class="req">required<\/span><\/th>/);
  assert.match(page, /1 of 5 ready/);
  assert.match(page, /waiting for kernel-devel/);
});

test('statusToHtml() leads from each cell to its reason', () => {
  const anchors = [...page.matchAll(/href="#([^"]+)"/g)].map((match) => match[1]);
  const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));

  assert.ok(anchors.length > 15);
  assert.deepEqual(
    anchors.filter((anchor) => !ids.has(anchor)),
    [],
  );
  assert.match(page, /broken: <code>strlcpy<\/code> is gone/);
  assert.match(page, /href="logs\/jool\/5\.14\.0-615\.el9\.x86_64\.log">Log</);
});

test('statusToHtml() tells when it was made, how old the last look is and whether it failed', () => {
  assert.match(page, /As of <time datetime="2026-11-23T12:30:00\.000Z">2026-11-23 12:30 UTC</);
  assert.match(page, /<span class="pill fresh"><span>last look <time [^>]*>4 min ago</);
  assert.match(page, /<span class="pill alarm"><span>last look <time [^>]*>3 h 20 min ago</);
  assert.match(page, /mirror answered 503/);
});

test('statusToHtml() tells how to use the repositories', () => {
  assert.match(page, /dnf config-manager --add-repo https:\/\/kmods\.example\.org\/kmods\.repo/);
});

test('statusToHtml() escapes whatever comes from outside', () => {
  const evil = `"><script>alert(1)</script>'\u001b[31m\u202e&\n${'z'.repeat(10_000)}`;
  const stream = { ...sampleStream(evil, evil), repository: evil };
  const report = sampleStatus({
    streams: [
      {
        stream,
        lastLook: { at: evil, ok: false, message: evil },
        kernels: [{ ...sampleKernel(evil, 1), foundAt: evil }],
      },
    ],
    kmods: [sampleKmod(evil, [evil])],
    records: [{ ...sampleRecord([evil, evil, evil], SYMBOL_LOST, failed(evil)), updatedAt: evil }],
    active: [],
    now: evil,
    links: {
      temporalUi: 'javascript:alert(1)',
      repositories: [{ name: evil, baseUrl: evil, repoFileUrl: 'javascript:alert(1)' }],
    },
    linkCell: () => ({ log: evil, temporal: 'data:text/html,x' }),
  });

  const html = statusToHtml(report, { title: evil });

  assert.doesNotMatch(html.replace(SCRIPT, ''), /<script|javascript:|data:text|\u202e/u);
  assert.ok(!html.includes('\u001b'));
  assert.ok(html.length < 20_000);
});

test('statusToHtml() says so where there is nothing to show', () => {
  const empty = statusToHtml(sampleStatus({ streams: [] }));
  const bare = statusToHtml(
    sampleStatus({ streams: [{ stream: sampleStream('s', 'S'), kernels: [] }], kmods: [] }),
  );

  assert.match(empty, /No stream is followed yet/);
  assert.match(bare, /never looked at/);
  assert.match(bare, /No kmod is built for this stream/);
});

test('safeHref() lets http, https and relative addresses through, nothing else', () => {
  const good = [
    'https://a.example/x?y=1&z=2',
    'http://[::1]:80/',
    'logs/a.log',
    '/status',
    '#a',
    './x',
  ];
  const bad = [
    'javascript:alert(1)',
    ' javascript:x',
    'JaVaScRiPt:x',
    'java\nscript:x',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'data:text/html,x',
    'https://a"b',
    'https:evil',
    '',
    `https://a/${'x'.repeat(3000)}`,
  ];

  for (const address of good) assert.equal(safeHref(address), address.replaceAll('&', '&amp;'));
  for (const address of bad) assert.equal(safeHref(address), undefined, address);
  assert.equal(link('javascript:x', 'text'), '');
});

test('escapeHtml() escapes both quotes, angle brackets and ampersands', () => {
  assert.equal(
    escapeHtml(`<a b="c" d='e'>&amp;`),
    '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;',
  );
});

test('statusToHtml() shows what the gate does with a kernel, and why, as text', () => {
  const reason = '<b>waits</b> for zfs (build failed)';
  const gate = { state: 'held', reason, since: NOW, waitsFor: [] } as const;
  const stream = sampleStream('centos-stream-9', 'CentOS Stream 9 (x86_64)');
  const kernels = [{ ...sampleKernel('5.14.0-1.el9.x86_64', 1), gate }];

  const html = statusToHtml(sampleStatus({ streams: [{ stream, kernels }] }));

  assert.match(
    html,
    /<span class="sub gate held" title="since [^"]*">held: &lt;b&gt;waits&lt;\/b&gt; for zfs/,
  );
  assert.doesNotMatch(html, /<b>waits/);
});
