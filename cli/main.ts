import { Command, CommanderError } from 'commander';
import { addConfigCommand } from './commands/config.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDudCommand } from './commands/dud.ts';
import { addImportCommand } from './commands/import.ts';
import { addKabiCommand } from './commands/kabi.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addRebuildCommand } from './commands/rebuild.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addWhyCommand } from './commands/why.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { remark } from './terminal.ts';

const VERSION = '0.1.0';

/** Builds the command line; each command is a file in `commands/`. */
function createProgram(): Command {
  const program = new Command('rekmod')
    .description('Keeps third-party kernel modules built for every kernel you follow')
    .version(VERSION)
    .option(
      '-c, --config <file>',
      'the configuration (default: ./rekmod.yaml, then XDG, then /etc)',
    )
    .showHelpAfterError('(add --help for more)')
    .exitOverride();
  addUpCommand(program);
  addDoctorCommand(program);
  addPlanCommand(program);
  addRebuildCommand(program);
  addStatusCommand(program);
  addWhyCommand(program);
  addLogsCommand(program);
  addKabiCommand(program);
  addImportCommand(program);
  addDudCommand(program);
  addConfigCommand(program);
  return program;
}

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = explain(error);
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const exitCode = exitCodeOf(error);
  if (exitCode === undefined) throw error;
  remark(`rekmod: ${error instanceof Error ? error.message : String(error)}`);
  return exitCode;
}
