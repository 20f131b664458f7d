import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import { RollbackEndedError } from '../model/command-errors.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { publisherId } from '../model/workflow-ids.ts';
import type {
  PublisherInput,
  RollbackCommand,
  RollbackResult,
} from '../model/workflow-messages.ts';
import { rollBackUpdate } from '../workflows/messages.ts';
import type { CommandContext } from './context.ts';
import { hasWorker } from './has-worker.ts';
import { connectClient, type TemporalClient, temporalAddress } from './temporal-connection.ts';
import type { Terminal } from './terminal.ts';
import { workflowOptions } from './workflow-options.ts';

/**
 * Asks the repository's one writer for a rollback; it is started if it is not there.
 *
 * @throws {RollbackEndedError} If it refuses, or cannot.
 */
export async function requestRollback(
  repository: string,
  command: RollbackCommand,
  { settings, terminal }: Pick<CommandContext, 'settings'> & { readonly terminal: Terminal },
): Promise<RollbackResult> {
  const temporal = await connectClient(settings.temporal);
  try {
    const { namespace } = settings.temporal;
    if (!(await hasWorker(temporal.connection, { namespace, queue: CONTROL_QUEUE }))) {
      const place = temporalAddress(settings.temporal);
      terminal.remark(
        `No worker of rekmod is at ${place}: the rollback waits until "rekmod up" runs`,
      );
    }
    const input = { repository, options: workflowOptions({ settings }, false) };
    return await sendUpdate(input, command, temporal);
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new RollbackEndedError(repository, error);
  } finally {
    await temporal.connection.close();
  }
}

async function sendUpdate(
  input: PublisherInput,
  command: RollbackCommand,
  { client }: TemporalClient,
): Promise<RollbackResult> {
  const startWorkflowOperation = new WithStartWorkflowOperation('publishRepository', {
    workflowId: publisherId(input.repository),
    taskQueue: CONTROL_QUEUE,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `Publisher of repository ${input.repository}`,
  });
  return await client.workflow.executeUpdateWithStart(rollBackUpdate, {
    startWorkflowOperation,
    args: [command],
  });
}
