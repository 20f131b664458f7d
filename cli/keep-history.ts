import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

/** How long the embedded server shows what has ended; its own default is one day. */
const RETENTION_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes the embedded server keep histories for a month. Servers of others keep their own rules. */
export async function keepHistory(connection: Connection, namespace: string): Promise<void> {
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(RETENTION_DAYS * DAY_MS) },
  });
}
