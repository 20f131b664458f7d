import { join } from 'node:path';
import { writeFileAtomically } from '../activities/atomic-file.ts';
import type { StatusReport } from '../model/status.ts';
import { statusToHtml } from '../report/status-html.ts';
import { statusToJson } from '../report/status-json.ts';
import { type CellPageWriter, openCellPages } from './cell-pages.ts';

/** Keeps the status page up to date without writing it for every small change. */
export interface StatusWriter {
  /** Says that something has changed; returns at once. */
  readonly changed: () => void;
  /** Writes what is due and stops. */
  stop(): Promise<void>;
}

/** Changes come in bursts; one page for a burst is enough. */
const SETTLE_MS = 400;
const PAUSE_FACTOR = 9;

/** How long changes are collected, in ms: thousands of cells may take seconds, and a tenth of the time is enough. */
export function pauseAfter(tookMs: number): number {
  return Math.max(SETTLE_MS, PAUSE_FACTOR * tookMs);
}

/** Starts a writer that gathers and writes at most once in a while, and only after changes. */
export function startStatusWriter(options: {
  readonly directory: string;
  readonly gather: () => Promise<StatusReport>;
  readonly onError: (error: unknown) => void;
}): StatusWriter {
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  let pauseMs = SETTLE_MS;
  const writeCellPages = openCellPages(options.directory);
  const writeAndMeasure = async (): Promise<void> => {
    const startedAt = performance.now();
    await writeStatus({ ...options, writeCellPages });
    pauseMs = pauseAfter(performance.now() - startedAt);
  };
  const write = (): void => {
    timer = undefined;
    writing = writing.then(writeAndMeasure).catch(options.onError);
  };
  return {
    changed() {
      timer ??= setTimeout(write, pauseMs);
    },
    async stop() {
      if (timer) {
        clearTimeout(timer);
        write();
      }
      await writing;
    },
  };
}

async function writeStatus(options: {
  readonly directory: string;
  readonly gather: () => Promise<StatusReport>;
  readonly writeCellPages: CellPageWriter;
}): Promise<void> {
  const report = await options.gather();
  // First: what the page links to is there.
  await options.writeCellPages(report);
  await writeFileAtomically(join(options.directory, 'status.json'), statusToJson(report));
  await writeFileAtomically(join(options.directory, 'index.html'), statusToHtml(report));
}
