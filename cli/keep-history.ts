import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

/**
 * Makes the embedded server keep histories of what has ended for so long; its own default is one day. Servers of
 * others keep their own rules.
 */
export async function keepHistory(
  connection: Connection,
  namespace: string,
  keepMs: number,
): Promise<void> {
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: msToTs(keepMs) },
  });
}
