import type { Command } from 'commander';
import { gatherStatus, type StatusSources } from '../../activities/gather-status.ts';
import { placeOf } from '../../activities/publish.ts';
import type { StatusReport } from '../../model/status.ts';
import { describeStuck } from '../../report/describe-stuck.ts';
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
      describeStuck(report.stuck).forEach(terminal.remark);
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
    ...(await askTemporal(context)),
    repositoryUrl: (name) => placeOf({ settings, data, serverUrl }, name).baseUrl,
  });
}

/** What is worked on just now, and what does not go on; nothing when Temporal does not run. */
async function askTemporal({
  settings,
}: CommandContext): Promise<Pick<StatusSources, 'active' | 'stuck'>> {
  try {
    const { connectClient } = await import('../temporal-connection.ts');
    const { listStuckWorkflows } = await import('../stuck-workflows.ts');
    const { client, connection } = await connectClient(settings.temporal, ASK_TIMEOUT_MS);
    try {
      const active = await listActiveRebuilds(client);
      return { active, stuck: await listStuckWorkflows(client) };
    } finally {
      await connection.close();
    }
  } catch {
    return { active: [] };
  }
}
