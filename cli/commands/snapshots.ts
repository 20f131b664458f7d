import type { Command } from 'commander';
import { gatherSnapshots, listRepositories } from '../../activities/gather-snapshots.ts';
import { snapshotsToText } from '../../report/snapshots-text.ts';
import { openContext } from '../context.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

/** `rekmod snapshots`: what each repository serves, served, and can go back to. */
export function addSnapshotsCommand(program: Command, terminal: Terminal): void {
  program
    .command('snapshots')
    .argument('[repository]', 'only this one')
    .description('list what each snapshot of a repository changed, and which is served')
    .option('--json', 'everything as JSON')
    .action(async (repository: string | undefined, options: { readonly json?: boolean }) => {
      const { settings, data } = await openContext(program.opts());
      const names =
        repository === undefined ? await listRepositories(settings, data) : [repository];
      const found = await Promise.all(
        names.map((name) => gatherSnapshots(name, { settings, data })),
      );
      if (options.json) {
        printJson(terminal, found);
        return;
      }
      const { hasColor: color, columns } = terminal;
      for (const one of found) print(terminal, snapshotsToText(one, { color, columns }));
    });
}
