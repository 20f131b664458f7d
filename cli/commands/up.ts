import type { Command } from 'commander';
import { openContext } from '../context.ts';
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
      const ended = waitForSignal();
      const { startUp } = await import('../up.ts');
      const { startBackend } = await import('../build-backend.ts');
      const parts = { say: terminal.remark, startBackend: start ?? startBackend };
      const starting = startUp(context, parts);
      const running = await Promise.race([starting, ended]);
      if (typeof running === 'string') {
        terminal.remark(`${running}: ending as soon as what has begun to start can be ended`);
        await (await starting).stop();
        return;
      }
      print(terminal, describeRunning(running, context.data.root));
      try {
        const signal = await Promise.race([ended, running.failed]);
        terminal.remark(`${signal}: ending; builds that run begin again at the next start`);
      } finally {
        await running.stop();
      }
      terminal.remark('Ended');
    });
}

function describeRunning(running: Running, root: string): string {
  return `rekmod is up
  status        ${running.serverUrl}/status/
  repositories  ${running.serverUrl}/repositories/<name>/
  Temporal      ${running.temporalAddress}${running.temporalUi === undefined ? '' : `\n  Temporal UI   ${running.temporalUi}/workflows`}
  data          ${root}`;
}
