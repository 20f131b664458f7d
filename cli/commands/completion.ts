import { Argument, type Command } from 'commander';
import { completeWords } from '../complete-words.ts';
import { COMPLETION_SCRIPTS, type Shell } from '../completion-scripts.ts';
import { readKnownNames } from '../known-names.ts';
import { print, type Terminal } from '../terminal.ts';

/** `rekmod completion <shell>`: what makes a shell complete commands, options, kmods, kernels and streams. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  const completion = program
    .command('completion')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .description('print what makes a shell complete commands, kmods and kernels');
  completion.action((shell: Shell) => print(terminal, COMPLETION_SCRIPTS[shell]));
  completion
    .command('words', { hidden: true })
    .addArgument(new Argument('[words...]'))
    .action(async (words: readonly string[]) => {
      const found = completeWords(program, words, await readKnownNames(program.opts()));
      const lines = found.map(({ value, about }) => `${value}\t${about.split('\n')[0]}\n`);
      terminal.write(lines.join(''));
    });
}
