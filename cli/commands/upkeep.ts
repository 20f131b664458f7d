import type { Command } from 'commander';
import { upkeepToText } from '../../report/upkeep-text.ts';
import { openContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface UpkeepOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `rekmod upkeep`: removes now what nobody needs any more, as the schedule does. */
export function addUpkeepCommand(program: Command, terminal: Terminal): void {
  program
    .command('upkeep')
    .description('remove what nobody needs any more, as happens by itself every hour')
    .option('--dry-run', 'only tell what would be removed')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      `
Nothing goes that any record, repository, gate or running build refers to, nor what was used since the last
upkeep. The worker of "rekmod up" does it, so that must run.

Exit codes: 0 done, 1 a part could not be done, 2 usage, 3 the configuration is wrong, 4 unreachable`,
    )
    .action(async (options: UpkeepOptions) => {
      const { settings } = await openContext(program.opts());
      const { runUpkeep } = await import('../run-upkeep.ts');
      const report = await runUpkeep(settings, { isDryRun: options.dryRun === true, terminal });
      if (options.json) printJson(terminal, report);
      else print(terminal, upkeepToText(report));
      if (report.parts.some(({ problems }) => problems.length > 0)) {
        terminal.setExitCode(EXIT.failed);
      }
    });
}
