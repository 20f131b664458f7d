import type { Command } from 'commander';
import { gatherStatus } from '../../activities/gather-status.ts';
import { placeOf } from '../../activities/publish.ts';
import type { StatusReport } from '../../model/status.ts';
import type { ActiveCell } from '../../report/assemble-status.ts';
import { assembleMatrix } from '../../report/matrix.ts';
import { matrixToText } from '../../report/matrix-text.ts';
import { sourcesToText } from '../../report/sources-text.ts';
import { statusToJson } from '../../report/status-json.ts';
import { listActiveRebuilds } from '../active-rebuilds.ts';
import { type CommandContext, openContext } from '../context.ts';
import { serverUrlOf } from '../server-url.ts';
import { print, type Terminal } from '../terminal.ts';

/** `rekmod status`: the matrix kernels × kmods. */
export function addStatusCommand(program: Command, terminal: Terminal): void {
  program
    .command('status')
    .description('show which kmods are there for which kernels')
    .option('-s, --stream <name>', 'only this stream')
    .option('--json', 'everything as JSON, as in status.json')
    .action(async (options: { readonly stream?: string; readonly json?: boolean }) => {
      const report = await gatherNow(await openContext(program.opts()));
      if (options.json) {
        print(terminal, statusToJson(report));
        return;
      }
      const { hasColor: color, columns } = terminal;
      for (const { name } of report.streams) {
        if (options.stream !== undefined && options.stream !== name) continue;
        const matrix = assembleMatrix(report, name);
        if (matrix) print(terminal, matrixToText(matrix, { color, columns }));
      }
      if (report.sources && options.stream === undefined) {
        print(terminal, sourcesToText(report.sources, { color, columns }));
      }
    });
}

/** How long a person is made to wait for a Temporal that does not run. */
const ASK_TIMEOUT_MS = 700;

/** The status as the data directory tells it now; works while nothing runs. */
async function gatherNow(context: CommandContext): Promise<StatusReport> {
  const { settings, records, data } = context;
  const serverUrl = serverUrlOf(settings.server);
  return await gatherStatus({
    settings,
    records,
    now: () => new Date(),
    active: await askActive(context),
    repositoryUrl: (name) => placeOf({ settings, data, serverUrl }, name).baseUrl,
  });
}

/** What is worked on just now; nothing when Temporal does not run. */
async function askActive({ settings }: CommandContext): Promise<readonly ActiveCell[]> {
  try {
    const { connectClient } = await import('../temporal-connection.ts');
    const { client, connection } = await connectClient(settings.temporal, ASK_TIMEOUT_MS);
    const active = await listActiveRebuilds(client);
    await connection.close();
    return active;
  } catch {
    return [];
  }
}
