import { gatherStatus, type StatusSources } from '../activities/gather-status.ts';
import { placeOf } from '../activities/publish.ts';
import type { StatusReport } from '../model/status.ts';
import { listActiveRebuilds } from './active-rebuilds.ts';
import type { CommandContext } from './context.ts';
import { serverUrlOf } from './server-url.ts';

/** How long a person is made to wait for a Temporal that does not run. */
const ASK_TIMEOUT_MS = 700;

/** The status as the data directory tells it now; works while nothing runs. */
export async function gatherNow(context: CommandContext): Promise<StatusReport> {
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
    const { connectClient } = await import('./temporal-connection.ts');
    const { listStuckWorkflows } = await import('./stuck-workflows.ts');
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
