import type { Command } from 'commander';
import { commandReference } from '../command-reference.ts';
import { manualPage } from '../manual-page.ts';
import { print, type Terminal } from '../terminal.ts';
import { VERSION } from '../version.ts';

/** `rekmod man`: the manual page, made of what the commands say of themselves. */
export function addManCommand(program: Command, terminal: Terminal): void {
  program
    .command('man')
    .description('print the manual page, for man(1)')
    .option('--markdown', 'the help of all commands as one Markdown page instead')
    .action((options: { readonly markdown?: boolean }) => {
      print(terminal, options.markdown ? commandReference(program) : manualPage(program, VERSION));
    });
}
