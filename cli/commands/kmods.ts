import type { Command } from 'commander';
import { kmodsToText, listKmodStandings } from '../../report/kmods-text.ts';
import { openContext } from '../context.ts';
import { gatherNow } from '../gather-now.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

/** `rekmod kmods`: what is kept built, and how it stands on the newest kernel. */
export function addKmodsCommand(program: Command, terminal: Terminal): void {
  program
    .command('kmods')
    .description('list the kmods, where their sources are, and how they stand')
    .option('--json', 'as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const context = await openContext(program.opts());
      const report = await gatherNow(context);
      const kmods = listKmodStandings(report, context.settings.kmods);
      if (options.json) {
        printJson(terminal, { schema: 1, generatedAt: report.generatedAt, kmods });
        return;
      }
      print(terminal, kmodsToText(kmods, { color: terminal.hasColor }));
    });
}
