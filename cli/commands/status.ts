import type { Command } from 'commander';
import { describeStuck } from '../../report/describe-stuck.ts';
import { assembleMatrix } from '../../report/matrix.ts';
import { matrixToText } from '../../report/matrix-text.ts';
import { sourcesToText } from '../../report/sources-text.ts';
import { statusToJson } from '../../report/status-json.ts';
import { openContext } from '../context.ts';
import { gatherNow } from '../gather-now.ts';
import { chooseStreams } from '../status-streams.ts';
import { print, type Terminal } from '../terminal.ts';

/** `rekmod status`: the matrix kernels × kmods. */
export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .description('show which kmods are there for which kernels')
    .option('-s, --stream <name>', 'only this stream')
    .option('--json', 'everything as JSON, as in status.json')
    .action(async (options: { readonly stream?: string; readonly json?: boolean }) => {
      const context = await openContext(program.opts());
      const report = await gatherNow(context);
      if (options.json) {
        print(terminal, statusToJson(report));
        return;
      }
      describeStuck(report.stuck).forEach(terminal.remark);
      const { hasColor: color, columns } = terminal;
      for (const { name } of chooseStreams(report, context.settings, options.stream)) {
        const matrix = assembleMatrix(report, name);
        if (matrix) print(terminal, matrixToText(matrix, { color, columns }));
      }
      if (report.sources && options.stream === undefined) {
        print(terminal, sourcesToText(report.sources, { color, columns }));
      }
    });
}
