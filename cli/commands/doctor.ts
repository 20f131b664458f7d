import type { Command } from 'commander';
import type { Check } from '../check.ts';
import { EXIT } from '../exit-codes.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

/** `rekmod doctor`: what is missing, and the exact command that installs it. */
export function addDoctorCommand(program: Command, terminal: Terminal): void {
  program
    .command('doctor')
    .description('check that everything is there, and say how to install what is not')
    .option('--json', 'as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const { checkAll } = await import('../checks.ts');
      const checks = await checkAll(program.opts<{ config?: string }>().config);
      if (options.json) printJson(terminal, checks);
      else for (const check of checks) print(terminal, describeCheck(check));
      if (checks.some((check) => !check.isGood)) terminal.setExitCode(EXIT.failed);
    });
}

function describeCheck({ name, isGood, found, remedy }: Check): string {
  const line = `${isGood ? 'ok     ' : 'MISSING'}  ${name}: ${found}`;
  return remedy === undefined ? line : `${line}\n         → ${remedy}`;
}
