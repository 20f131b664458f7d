import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrowserContextOptions, chromium } from 'playwright-core';
import type { StatusReport } from '../model/status.ts';
import { cellToHtml } from '../report/cell-page.ts';
import { cellPagePath } from '../report/cell-page-path.ts';
import { statusToHtml } from '../report/status-html.ts';

/**
 * Takes pictures of a status page for the documentation: `npm run pictures -- <status.json> <folder> [<cell>]`, the cell
 * as `<kmod>/<release>`. The report is one that a rekmod wrote; the pages are made of it as rekmod makes them.
 */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-sync',
  '--disable-background-networking',
];
const WIDE = { viewport: { width: 1280, height: 900 } };
const VIEWS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['light', { ...WIDE, colorScheme: 'light' }],
  ['dark', { ...WIDE, colorScheme: 'dark' }],
  ['narrow', { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
];

async function takePictures(report: StatusReport, folder: string, cell: string | undefined) {
  const pages = await mkdtemp(join(tmpdir(), 'rekmod-pictures-'));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  });
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(pages, 'index.html'), statusToHtml(report));
    for (const [name, view] of VIEWS) await take('index.html', `status-${name}.png`, view);
    const chosen = report.cells.find(({ kmod, release }) => `${kmod}/${release}` === cell);
    if (chosen === undefined) return;
    const path = cellPagePath(chosen);
    await mkdir(dirname(join(pages, path)), { recursive: true });
    await writeFile(join(pages, path), cellToHtml(report, chosen));
    await take(path, 'cell.png', { ...WIDE, colorScheme: 'light' });
  } finally {
    await browser.close();
    await rm(pages, { recursive: true, force: true });
  }

  async function take(page: string, picture: string, view: BrowserContextOptions): Promise<void> {
    const context = await browser.newContext(view);
    const opened = await context.newPage();
    await opened.goto(pathToFileURL(join(pages, page)).href);
    await opened.screenshot({ path: join(folder, picture) });
    await context.close();
  }
}

const [file, folder, cell] = process.argv.slice(2);
if (file === undefined || folder === undefined) {
  throw new Error(
    'Cannot take pictures: expected a status.json and a folder, found fewer arguments',
  );
}
const { default: report } = (await import(pathToFileURL(resolve(file)).href, {
  with: { type: 'json' },
})) as { readonly default: StatusReport };
await takePictures(report, resolve(folder), cell);
