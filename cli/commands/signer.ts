import { join } from 'node:path';
import type { Command } from 'commander';
import { openSteadyClock } from '../../activities/steady-clock.ts';
import { chooseLog } from '../choose-log.ts';
import { openContext } from '../context.ts';
import { openLog } from '../log.ts';
import { SIGNER_READY } from '../signer-process.ts';
import { print, type Terminal } from '../terminal.ts';
import { waitForSignal } from '../wait-for-signal.ts';

/** `rekmod signer`: the one process that has the keys. `rekmod up` starts it unless told otherwise. */
export function addSignerCommand(program: Command, terminal: Terminal): void {
  program
    .command('signer')
    .description(
      'sign what other processes built; "up" starts it unless "signing.process" says else',
    )
    .action(async () => {
      const ending = new AbortController();
      const { signal } = ending;
      const ended = waitForSignal().then(() => ending.abort());
      const { startSigner } = await import('../signer.ts');
      const context = await openContext(program.opts());
      // A key that is published for some time more must not be dropped because a clock jumped.
      const { now } = await openSteadyClock(join(context.data.upkeep, 'clock.json'));
      const chosen = chooseLog(context.settings.log, process.env.REKMOD_LOG);
      const log = openLog(chosen, { write: terminal.remark, now: () => new Date() });
      const signer = await startSigner(context, { now, signal, log }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      if (signer === undefined) return;
      try {
        print(terminal, SIGNER_READY);
        await Promise.race([ended, signer.failed]);
      } finally {
        await signer.stop();
      }
      log.say('Signer ended');
    });
}
