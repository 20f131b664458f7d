import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { requireNamed } from '../../activities/require-named.ts';
import { type RemovedLogs, readRemovedLogs } from '../../activities/tidy-logs.ts';
import { NotFoundError } from '../../model/activity-errors.ts';
import { openLogCleaner } from '../../report/clean-text.ts';
import { formatCount, formatMoment } from '../../report/format-values.ts';
import { chooseKernels } from '../choose-kernels.ts';
import { openContext } from '../context.ts';
import type { Terminal } from '../terminal.ts';

const POLL_MS = 300;
/** A log that did not grow for so long, and has a newer record, is finished. */
const QUIET_MS = 3000;

/** `rekmod logs`: the build log of one cell's newest attempt. */
export function addLogsCommand(program: Command, terminal: Terminal): void {
  program
    .command('logs')
    .argument('<kmod>', 'a kmod, or "buildroot" for the preparation')
    .argument('<kernel>', 'as uname -r says it')
    .description('print the build log of the newest attempt')
    .option('-s, --stream <name>', 'where several streams have that kernel')
    .option('-f, --follow', 'go on while it grows')
    .action(async (kmod: string, kernel: string, options: LogsOptions) => {
      const context = await openContext(program.opts());
      const streams =
        kmod === 'buildroot'
          ? context.settings.streams.map(({ name }) => name)
          : requireNamed(context.settings.kmods, 'show logs of', 'kmod', kmod).streams;
      const [chosen] = await chooseKernels({ ...options, kernel }, streams, context);
      if (!chosen) throw new Error('BUG: no kernel was chosen');
      const key = { stream: chosen.stream, release: chosen.release, kmod };
      const directory = dirname(context.data.absolute(context.data.attemptLog(key, 'any')));
      const log = await findNewest(directory);
      const removed = await readRemovedLogs(directory);
      if (removed) terminal.remark(describeRemoved(removed));
      if (log === undefined) {
        throw new NotFoundError('show the log of', `${kmod} ${kernel}`, 'it was never built');
      }
      const isDone = async (): Promise<boolean> => {
        const record = await context.records.readCell(key);
        const { mtimeMs } = await stat(log);
        // The buildroot has no record of its own; it is done when it is quiet.
        const isRecorded =
          kmod === 'buildroot' || (record !== undefined && Date.parse(record.updatedAt) >= mtimeMs);
        return isRecorded && Date.now() - mtimeMs > QUIET_MS;
      };
      await printLog(log, terminal, options.follow ? isDone : async () => true);
    });
}

interface LogsOptions {
  readonly stream?: string;
  readonly follow?: boolean;
}

function describeRemoved({ count, at }: RemovedLogs): string {
  const moment = formatMoment(at);
  return `${formatCount(count, 'earlier log')} removed, the last at ${moment}: see "retention" in the configuration`;
}

async function findNewest(directory: string): Promise<string | undefined> {
  const names = await readdir(directory).catch(() => []);
  const logs = await Promise.all(
    names
      .filter((name) => name.endsWith('.log'))
      .map(async (name) => {
        const path = join(directory, name);
        return { path, mtimeMs: (await stat(path)).mtimeMs };
      }),
  );
  return logs.sort((a, b) => b.mtimeMs - a.mtimeMs)[0]?.path;
}

async function printLog(
  path: string,
  terminal: Terminal,
  isDone: () => Promise<boolean>,
): Promise<void> {
  const cleaner = openLogCleaner();
  let position = 0;
  for (;;) {
    const wasDone = await isDone();
    for await (const chunk of createReadStream(path, { start: position })) {
      position += chunk.length;
      terminal.write(cleaner.clean(chunk));
    }
    if (wasDone) return;
    await delay(POLL_MS);
  }
}
