import type { Command } from 'commander';
import { settingsChangesToText } from '../../report/settings-changes-text.ts';
import { chooseLog } from '../choose-log.ts';
import { openContext } from '../context.ts';
import { listenForReloads } from '../listen-for-reloads.ts';
import { type Log, openLog } from '../log.ts';
import { print, type Terminal } from '../terminal.ts';
import type { Running, UpParts } from '../up.ts';
import { waitForSignal } from '../wait-for-signal.ts';

/**
 * `rekmod up`: starts everything and stays until it is told to end.
 *
 * @param start Starts what builds, if it is not what the targets name: the lab's own.
 */
export function addUpCommand(
  program: Command,
  terminal: Terminal,
  start?: UpParts['startBackend'],
): void {
  program
    .command('up')
    .description('start Temporal, the worker and the web server, and follow the streams')
    .action(async () => {
      const context = await openContext(program.opts());
      const reloads = await listenForReloads();
      const ended = Promise.race([waitForSignal(), reloads.hungUp]);
      const { startUp } = await import('../up.ts');
      const { startBackend } = await import('../build-backend.ts');
      const chosen = chooseLog(context.settings.log, process.env.REKMOD_LOG);
      const log = openLog(chosen, { write: terminal.remark, now: () => new Date() });
      const parts = { log, startBackend: start ?? startBackend };
      const starting = startUp(context, parts);
      const running = await Promise.race([starting, ended]);
      if (typeof running === 'string') {
        log.say(`${running}: ending as soon as what has begun to start can be ended`);
        await (await starting).stop();
        return;
      }
      print(terminal, describeRunning(running, context.data.root));
      reloads.answer(() => {
        void reload(running, context.configFile, log);
      });
      try {
        const signal = await Promise.race([ended, running.failed]);
        log.say(`${signal}: ending; builds that run begin again at the next start`);
      } finally {
        await running.stop();
      }
      log.say('Ended');
    });
}

async function reload(running: Running, file: string, log: Log): Promise<void> {
  const end = await running.reload();
  if (end.kind === 'refused') log.warn(`Not reloaded: ${end.reason}`);
  else log.say(`Reloaded ${file}\n${settingsChangesToText(end.changes)}`);
}

function describeRunning(running: Running, root: string): string {
  return `rekmod is up
  status        ${running.serverUrl}/status/
  repositories  ${running.serverUrl}/repositories/<name>/
  Temporal      ${running.temporalAddress}${running.temporalUi === undefined ? '' : `\n  Temporal UI   ${running.temporalUi}/workflows`}
  data          ${root}`;
}
