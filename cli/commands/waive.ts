import type { Command } from 'commander';
import { findGateOf, type SignedOptions, signed } from '../choose-gates.ts';
import { openContext } from '../context.ts';
import { parseUntil } from '../parse-until.ts';
import type { Terminal } from '../terminal.ts';
import { addSignature, showAnswer } from './gate.ts';

/** `rekmod waive`: let kernels through without a required kmod, for a while. */
export function addWaiveCommand(program: Command, terminal: Terminal): void {
  addSignature(
    program
      .command('waive')
      .argument('<kernel>', 'as uname -r says it; newer ones of the stream are covered too')
      .argument('<kmod>')
      .requiredOption('--until <end>', 'e.g. 14d, 2026-12-24, 2026-12-24T18:00Z', (text) =>
        parseUntil(text),
      ),
  )
    .description('let a kernel and newer ones through without a required kmod, until a day')
    .addHelpText('after', '\nWhat was let through by then stays; the next kernel is held again.')
    .action(
      async (
        release: string,
        kmod: string,
        options: SignedOptions & { readonly until: string },
      ) => {
        const { askGate, gateUpdates } = await import('../ask-gate.ts');
        const context = await openContext({ ...program.opts(), freshness: 'known' });
        const stream = await findGateOf(context, release, options.stream);
        const request = { release, kmod, until: options.until, ...signed(options) };
        showAnswer(
          await askGate(context, stream, gateUpdates.waiveUpdate, request),
          options,
          terminal,
        );
      },
    );
}

/** `rekmod unwaive`: the next kernel is held again. */
export function addUnwaiveCommand(program: Command, terminal: Terminal): void {
  addSignature(program.command('unwaive').argument('<kernel>').argument('<kmod>'))
    .description('take a waiver back; kernels that it let through stay')
    .action(async (release: string, kmod: string, options: SignedOptions) => {
      const { askGate, gateUpdates } = await import('../ask-gate.ts');
      const context = await openContext({ ...program.opts(), freshness: 'known' });
      const stream = await findGateOf(context, release, options.stream);
      const request = { release, kmod, ...signed(options) };
      showAnswer(
        await askGate(context, stream, gateUpdates.unwaiveUpdate, request),
        options,
        terminal,
      );
    });
}
