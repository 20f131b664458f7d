import type { Settings } from '../model/settings.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import type { UpkeepReport } from '../model/upkeep.ts';
import { UPKEEP_BY_HAND_ID } from '../model/workflow-ids.ts';
import { hasWorker } from './has-worker.ts';
import { toUpkeepInput } from './schedules.ts';
import { connectClient, temporalAddress } from './temporal-connection.ts';
import type { Terminal } from './terminal.ts';

/** Has an upkeep run at once and waits for its end. */
export async function runUpkeep(
  settings: Pick<Settings, 'targets' | 'temporal'>,
  { isDryRun, terminal }: { readonly isDryRun: boolean; readonly terminal: Terminal },
): Promise<UpkeepReport> {
  const { client, connection } = await connectClient(settings.temporal);
  try {
    const { namespace } = settings.temporal;
    if (!(await hasWorker(connection, { namespace, queue: CONTROL_QUEUE }))) {
      const place = temporalAddress(settings.temporal);
      terminal.remark(
        `No worker of rekmod is at ${place}: the upkeep waits until "rekmod up" runs`,
      );
    }
    return await client.workflow.execute('upkeep', {
      workflowId: UPKEEP_BY_HAND_ID,
      taskQueue: CONTROL_QUEUE,
      args: [{ ...toUpkeepInput(settings), isDryRun }],
      staticSummary: isDryRun ? 'Tell what nobody needs any more' : 'Remove what nobody needs',
    });
  } finally {
    await connection.close();
  }
}
