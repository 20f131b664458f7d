import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { findProgram } from '../../activities/find-program.ts';
import { type FileServer, startFileServer } from '../../cli/http-server.ts';
import { startStatusWriter } from '../../cli/status-writer.ts';
import type { StatusReport } from '../../model/status.ts';
import { cellPagePath } from '../../report/cell-page-path.ts';
import {
  failed,
  SYMBOL_LOST,
  sampleKernel,
  sampleKmod,
  sampleRecord,
  sampleStatus,
  sampleStream,
} from '../report/sample-status.ts';
import { findFreePort } from '../support/http-rig.ts';
import { makeScratch, type Scratch } from '../support/scratch.ts';

// The status page as a browser has it: written by the writer, served by the server, looked at in Chromium.

const FLAGS = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync';
const QUIET = '--disable-background-networking --disable-component-update';
const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  narrow: { colorScheme: 'light', viewport: { width: 375, height: 740 } },
};

const program = await findChromium();
const options = program === undefined ? { skip: 'no Chromium is on this machine' } : {};
let browser: Browser;

before(async () => {
  if (program === undefined) return;
  const args = `${FLAGS} ${QUIET}`.split(' ');
  browser = await chromium.launch({ executablePath: program, args });
});

after(async () => {
  await browser?.close();
});

async function findChromium(): Promise<string | undefined> {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const found = await findProgram(name, process.env.PATH ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Site extends AsyncDisposable {
  readonly url: string;
}

/** Has the writer write a report, and the server serve it. */
async function serve(report: StatusReport): Promise<Site> {
  const scratch: Scratch = await makeScratch();
  const data = layOutDataDirectory(scratch.path);
  await mkdir(data.status, { recursive: true });
  const errors: unknown[] = [];
  const writer = startStatusWriter({
    directory: data.status,
    gather: async () => report,
    onError: (error) => errors.push(error),
  });
  writer.changed();
  await writer.stop();
  assert.deepEqual(errors, []);
  const port = await findFreePort();
  const server: FileServer = await startFileServer(data, { host: '127.0.0.1', port });
  return {
    url: `${server.url}/status/`,
    async [Symbol.asyncDispose]() {
      await server.close();
      await scratch[Symbol.asyncDispose]();
    },
  };
}

/** Opens a page; whatever the browser complains of, or asks of others, is in `complaints` then. */
async function open(url: string, view: BrowserContextOptions = {}) {
  const context = await browser.newContext(view);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    const isOwn = request.url().startsWith(new URL(url).origin);
    if (!isOwn) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/** What axe finds to be serious, as lines. */
async function findFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(async () => {
    const judge = (globalThis as unknown as { axe: typeof axe }).axe;
    return await judge.run({ include: ['html'] }, { resultTypes: ['violations'] });
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${html}`));
}

for (const [name, view] of Object.entries(VIEWS)) {
  test(
    `axe finds nothing serious, and Chromium nothing to complain of: ${name}`,
    options,
    async () => {
      const report = sampleStatus();
      await using site = await serve(report);
      const broken = report.cells.find(({ state }) => state === 'failed');
      assert.ok(broken);
      for (const url of [site.url, `${site.url}${cellPagePath(broken)}`]) {
        await using opened = await open(url, view);
        assert.deepEqual(await findFaults(opened.page), [], url);
        assert.deepEqual(opened.complaints, []);
        const wide = Number(await opened.page.evaluate('document.documentElement.scrollWidth'));
        assert.ok(
          wide <= Number(await opened.page.evaluate('innerWidth')),
          'the page itself scrolls down alone',
        );
      }
    },
  );
}

test('the page finds kmods by name and state, and its address says so', options, async () => {
  await using site = await serve(sampleStatus());
  await using opened = await open(site.url);
  const { page } = opened;
  const rows = page.locator('tr[data-kmod]:visible');
  const all = await rows.count();
  await page.getByLabel('Kmod').fill('JOOL');
  assert.ok((await rows.count()) > 0 && (await rows.count()) < all);
  const names = await rows.evaluateAll((found) =>
    found.map((row) => row.getAttribute('data-kmod')),
  );
  assert.ok(names.every((kmod) => kmod?.includes('jool')));
  await page.getByLabel('State').selectOption('failed');
  const address = page.url();
  await using again = await open(address);
  assert.equal(await again.page.locator('tr[data-kmod]:visible').count(), await rows.count());
  assert.deepEqual([...opened.complaints, ...again.complaints], []);
});

test(
  'the page is whole without scripts, and the keyboard reaches every cell',
  options,
  async () => {
    await using site = await serve(sampleStatus());
    await using plain = await open(site.url, { javaScriptEnabled: false });
    assert.ok(await plain.page.locator('tr[data-kmod]').first().isVisible());
    assert.ok(await plain.page.locator('#find').isHidden());
    await using opened = await open(site.url);
    await opened.page.keyboard.press('Tab');
    assert.equal(await opened.page.evaluate('document.activeElement.textContent'), 'To the kmods');
    const cell = opened.page.locator('tbody a.pill').first();
    await cell.focus();
    await opened.page.keyboard.press('Enter');
    assert.match(opened.page.url(), /#/);
  },
);

test('names and logs that are made to run run nothing', options, async () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'\`\${alert(3)}`;
  const report = sampleStatus({
    streams: [{ stream: sampleStream(evil, evil), kernels: [sampleKernel(evil, 1)] }],
    kmods: [sampleKmod(evil, [evil])],
    records: [sampleRecord([evil, evil, evil], SYMBOL_LOST, failed(evil))],
    active: [],
    linkCell: () => ({ log: evil, temporal: 'javascript:alert(4)' }),
  });
  await using site = await serve(report);
  const [cell] = report.cells;
  assert.ok(cell);
  for (const url of [site.url, `${site.url}${cellPagePath(cell)}`]) {
    await using opened = await open(url);
    assert.equal(await opened.page.locator('img').count(), 0);
    assert.deepEqual(opened.complaints, []);
    assert.match((await opened.page.locator('main').textContent()) ?? '', /<script>alert/);
  }
});

test('300 kernels and 300 kmods stay one page that a browser shows', options, async () => {
  const releases = Array.from({ length: 300 }, (_, at) => `5.14.0-${at}.el9.x86_64`);
  const stream = sampleStream('big', 'Big');
  const names = Array.from({ length: 300 }, (_, at) => `kmod-${String(at).padStart(3, '0')}`);
  const report = sampleStatus({
    streams: [{ stream, kernels: releases.map((release) => sampleKernel(release, 1)) }],
    kmods: names.map((name) => sampleKmod(name, ['big'])),
    records: [],
    active: [],
  });
  await using site = await serve(report);
  const size = (await (await fetch(site.url)).arrayBuffer()).byteLength;
  assert.ok(size < 3_000_000, `${size} bytes`);
  await using opened = await open(site.url);
  await opened.page.getByLabel('Kmod').fill('kmod-299');
  assert.equal(await opened.page.locator('tr[data-kmod]:visible').count(), 1);
  assert.deepEqual(opened.complaints, []);
});
