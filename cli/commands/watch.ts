import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { StatusReport } from '../../model/status.ts';
import { assembleMatrix } from '../../report/matrix.ts';
import { describeChanges } from '../../report/matrix-changes.ts';
import { matrixToText } from '../../report/matrix-text.ts';
import { type CommandContext, openContext } from '../context.ts';
import { gatherNow } from '../gather-now.ts';
import { chooseStreams } from '../status-streams.ts';
import { print, type Terminal } from '../terminal.ts';
import { waitForSignal } from '../wait-for-signal.ts';

interface WatchOptions {
  readonly stream?: string;
}

const LOOK_MS = 2000;
/** The other screen of a terminal, without a cursor; and back. @see console_codes(4), xterm's ctlseqs */
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const ERASE_LINE_END = '\u001b[K';
const ERASE_BELOW = '\u001b[J';

/** `rekmod watch`: the matrix as it changes; in a pipe a line for each change. */
export function addWatchCommand(program: Command, terminal: Terminal): void {
  program
    .command('watch')
    .description('show the matrix and renew it until Ctrl-C; in a pipe, a line a change')
    .option('-s, --stream <name>', 'only this stream')
    .action(async (options: WatchOptions) => {
      const context = await openContext(program.opts());
      chooseStreams(await gatherNow(context), context.settings, options.stream);
      const ended = new AbortController();
      const signal = waitForSignal().then(() => ended.abort());
      if (terminal.isInteractive) await showScreen({ context, options, terminal }, ended.signal);
      else await tellChanges({ context, options, terminal }, ended.signal);
      await signal;
    });
}

interface Watching {
  readonly context: CommandContext;
  readonly options: WatchOptions;
  readonly terminal: Terminal;
}

async function showScreen(watching: Watching, ended: AbortSignal): Promise<void> {
  const { terminal, context } = watching;
  terminal.write(ENTER);
  try {
    await lookAgainAndAgain(context, ended, (report) => {
      // Each line is erased to its end, what is left below as well: no flicker, as a cleared screen has.
      const text = writeScreen(report, watching).replaceAll('\n', `${ERASE_LINE_END}\n`);
      terminal.write(`${HOME}${text}${ERASE_BELOW}`);
    });
  } finally {
    terminal.write(LEAVE);
  }
}

function writeScreen(report: StatusReport, { context, options, terminal }: Watching): string {
  const style = { color: terminal.hasColor, columns: process.stdout.columns ?? terminal.columns };
  const matrices = chooseStreams(report, context.settings, options.stream).flatMap(({ name }) => {
    const matrix = assembleMatrix(report, name);
    return matrix ? [matrixToText(matrix, style)] : [];
  });
  const lines = [`${report.generatedAt}  Ctrl-C ends`, '', ...matrices.join('\n').split('\n')];
  return lines.slice(0, Math.max(1, (process.stdout.rows || lines.length) - 1)).join('\n');
}

async function tellChanges({ context, options, terminal }: Watching, ended: AbortSignal) {
  let before: StatusReport | undefined;
  await lookAgainAndAgain(context, ended, (report) => {
    const { stream } = options;
    const isWanted = (one: string): boolean => stream === undefined || one === stream;
    const after = {
      ...report,
      cells: report.cells.filter((cell) => isWanted(cell.stream)),
      streams: report.streams.filter(({ name }) => isWanted(name)),
    };
    for (const line of describeChanges(before, after)) {
      print(terminal, `${report.generatedAt} ${line}`);
    }
    before = after;
  });
}

async function lookAgainAndAgain(
  context: CommandContext,
  ended: AbortSignal,
  show: (report: StatusReport) => void,
): Promise<void> {
  while (!ended.aborted) {
    show(await gatherNow(context));
    await delay(LOOK_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}
