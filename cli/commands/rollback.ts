import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { gatherSnapshots } from '../../activities/gather-snapshots.ts';
import { requireNamed } from '../../activities/require-named.ts';
import { CommandRefusedError } from '../../model/command-errors.ts';
import type { RollbackCommand } from '../../model/workflow-messages.ts';
import { requireGoodRollback } from '../../plan/check-rollback.ts';
import { snapshotsToText } from '../../report/snapshots-text.ts';
import { openContext } from '../context.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface RollbackOptions {
  readonly to?: string;
  readonly why: string;
  readonly by?: string;
  readonly json?: boolean;
}

const SNAPSHOT_DIGITS = 6;

/** `rekmod rollback`: serves again what an earlier snapshot listed. */
export function addRollbackCommand(program: Command, terminal: Terminal): void {
  program
    .command('rollback')
    .argument('<repository>', 'as "rekmod snapshots" lists it')
    .description('serve again what an earlier snapshot of a repository listed')
    .requiredOption('--why <sentence>', 'stands in the history and in the snapshot')
    .option('--to <snapshot>', 'its number (default: the one before what is served)')
    .option('--by <name>', 'who wants it (default: the user who calls)')
    .option('--json', 'the result as JSON')
    .addHelpText(
      'after',
      `
What came after that snapshot is withheld: nothing brings it back but a build with a higher number, or
another rollback. Clients that have installed it go back by "dnf distro-sync" or "dnf downgrade".

Exit codes: 0 it is served, 2 usage, 3 it was refused or the configuration is wrong, 4 unreachable

Examples:
  rekmod rollback kmods --why "jool oopses on unload"
  rekmod rollback kmods --to 41 --why "back to Friday" --by ann`,
    )
    .action(async (repository: string, options: RollbackOptions) => {
      const context = await openContext(program.opts());
      requireNamed(context.settings.repositories, 'roll back', 'repository', repository);
      const gated = context.settings.streams.find(({ gate }) => gate?.repository === repository);
      if (gated) {
        const detail = `expected a repository of kmods, found the gate of "${gated.name}"; use "rekmod gate recall"`;
        throw new CommandRefusedError(`roll back "${repository}"`, detail);
      }
      const command = toCommand(options);
      requireGoodRollback(command);
      const { requestRollback } = await import('../request-rollback.ts');
      const result = await requestRollback(repository, command, { ...context, terminal });
      if (options.json) {
        printJson(terminal, result);
        return;
      }
      const { hasColor: color, columns } = terminal;
      const { snapshots, ...rest } = await gatherSnapshots(repository, context);
      const written = snapshots.filter(({ snapshot }) => snapshot === result.snapshot);
      print(terminal, snapshotsToText({ ...rest, snapshots: written }, { color, columns }));
    });
}

function toCommand({ to, why, by }: RollbackOptions): RollbackCommand {
  return {
    ...(to === undefined ? {} : { to: to.padStart(SNAPSHOT_DIGITS, '0') }),
    why,
    by: by ?? process.env.SUDO_USER ?? userInfo().username,
  };
}
