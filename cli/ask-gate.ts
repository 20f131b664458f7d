import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import { gateStart } from '../activities/gate/gate-start.ts';
import { GateRefusedError } from '../model/command-errors.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import type { GateAnswer, GateInput } from '../model/workflow-messages.ts';
import * as messages from '../workflows/messages.ts';
import type { CommandContext } from './context.ts';
import { hasWorker } from './has-worker.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { connectClient, temporalAddress } from './temporal-connection.ts';
import { TemporalUnreachableError } from './temporal-server.ts';
import { workflowOptions } from './workflow-options.ts';

/** What a gate can be asked for; loaded with the client, which takes its time. */
export const gateUpdates = messages;

/**
 * Asks the gate of a stream for something and waits until it is done; starts the gate if it does not run.
 *
 * @throws {GateRefusedError} If it refuses.
 * @throws {TemporalUnreachableError} If Temporal or a worker is not there.
 */
export async function askGate<Request>(
  context: CommandContext,
  stream: string,
  update: UpdateDefinition<GateAnswer, [Request]>,
  request: Request,
): Promise<GateAnswer> {
  const { temporal } = context.settings;
  const { client, connection } = await connectClient(temporal);
  try {
    const { namespace } = temporal;
    if (!(await hasWorker(connection, { namespace, queue: CONTROL_QUEUE }))) {
      throw new TemporalUnreachableError(
        `Cannot ask the gate of "${stream}": expected a worker of rekmod at ${temporalAddress(temporal)}, found none; start it with "rekmod up"`,
      );
    }
    const hasAttributes = await registerSearchAttributes(connection, namespace);
    const start = gateStart(stream, workflowOptions(context, hasAttributes));
    return await client.workflow.executeUpdateWithStart(update, {
      args: [request],
      startWorkflowOperation: new WithStartWorkflowOperation<(input: GateInput) => Promise<void>>(
        'gateStream',
        {
          ...start,
          workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
        },
      ),
    });
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    throw new GateRefusedError(error.cause?.message ?? error.message, { cause: error });
  } finally {
    await connection.close();
  }
}
