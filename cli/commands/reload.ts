import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { layOutDataDirectory } from '../../activities/data-directory.ts';
import { dataDirectory } from '../../config/data-directory.ts';
import { loadSettings } from '../../config/load-settings.ts';
import { CommandRefusedError } from '../../model/command-errors.ts';
import type { ReloadEnd } from '../../model/reload.ts';
import { settingsChangesToText } from '../../report/settings-changes-text.ts';
import { EXIT } from '../exit-codes.ts';
import {
  digestSettings,
  type RunningUp,
  readReloadAnswer,
  requireRunning,
} from '../running-settings.ts';
import { requireSameFile } from '../same-config.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

const ANSWER_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

/** `rekmod reload`: has a running rekmod take the configuration as its file says it now. */
export function addReloadCommand(program: Command, terminal: Terminal): void {
  program
    .command('reload')
    .description('have the running "up" take the changed configuration; builds that run go on')
    .option('--json', 'as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const data = layOutDataDirectory(dataDirectory(process.env));
      const running = await requireRunning(data, 'reload');
      requireSameFile(running, program.opts());
      // What is wrong with the file is told here, before anybody is asked to read it.
      const wanted = digestSettings(await loadSettings(running.configFile));
      const end = await ask(running, wanted, () => readReloadAnswer(data));
      if (options.json) printJson(terminal, end);
      else if (end.kind === 'taken') print(terminal, settingsChangesToText(end.changes));
      else terminal.remark(end.reason);
      if (end.kind === 'refused') terminal.setExitCode(EXIT.configuration);
    });
}

type ReadAnswer = () => ReturnType<typeof readReloadAnswer>;

/** Asks until it reads what is in the file now: it may be at another reading when it is asked. */
async function ask({ pid }: RunningUp, wanted: string, read: ReadAnswer): Promise<ReloadEnd> {
  const before = (await read())?.number ?? 0;
  signal(pid);
  const deadline = Date.now() + ANSWER_TIMEOUT_MS;
  for (;;) {
    const answer = await read();
    const isNew = answer !== undefined && answer.number > before;
    // Without a digest it could not read the file: its reason says more than ours.
    if (isNew && (answer.settingsDigest ?? wanted) === wanted) return answer.end;
    if (Date.now() > deadline) {
      const seconds = ANSWER_TIMEOUT_MS / 1000;
      const detail = `expected an answer of process ${pid} within ${seconds} s, found none; what it prints tells why`;
      throw new CommandRefusedError('reload', detail);
    }
    await delay(POLL_MS);
  }
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGHUP');
  } catch (cause) {
    const detail = `expected to be allowed to signal process ${pid}, found ${String(cause)}; be the user who started it`;
    throw new CommandRefusedError('reload', detail);
  }
}
