import type { Command } from 'commander';
import { type Check, checkAll } from '../checks.ts';
import { EXIT } from '../exit-codes.ts';
import { print, printJson } from '../terminal.ts';

/** `rekmod doctor`: what is missing, and the exact command that installs it. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check that everything is there, and say how to install what is not')
    .option('--json', 'as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const checks = await checkAll(program.opts<{ config?: string }>().config);
      if (options.json) printJson(checks);
      else for (const check of checks) print(describeCheck(check));
      if (checks.some((check) => !check.isGood)) process.exitCode = EXIT.failed;
    });
}

function describeCheck({ name, isGood, found, remedy }: Check): string {
  const line = `${isGood ? 'ok     ' : 'MISSING'}  ${name}: ${found}`;
  return remedy === undefined ? line : `${line}\n         → ${remedy}`;
}
