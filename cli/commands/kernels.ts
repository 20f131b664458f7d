import type { Command } from 'commander';
import { kernelsToText } from '../../report/kernels-text.ts';
import { openContext } from '../context.ts';
import { gatherNow } from '../gather-now.ts';
import { chooseStreams } from '../status-streams.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

/** `rekmod kernels`: the kernels that are known, the newest first. */
export function addKernelsCommand(program: Command, terminal: Terminal): void {
  program
    .command('kernels')
    .description('list the kernels of each stream, and whether their kmods are ready')
    .option('-s, --stream <name>', 'only this stream')
    .option('--json', 'as in the streams of status.json')
    .action(async (options: { readonly stream?: string; readonly json?: boolean }) => {
      const context = await openContext(program.opts());
      const report = await gatherNow(context);
      const streams = chooseStreams(report, context.settings, options.stream);
      if (options.json) {
        const listed = streams.map(({ name, title, kernels }) => ({ name, title, kernels }));
        printJson(terminal, { schema: 1, generatedAt: report.generatedAt, streams: listed });
        return;
      }
      for (const stream of streams) {
        print(terminal, kernelsToText(stream, { color: terminal.hasColor }));
      }
    });
}
