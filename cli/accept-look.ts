import { WorkflowFailedError } from '@temporalio/client';
import { AcceptanceEndedError } from '../model/command-errors.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { acceptId } from '../model/workflow-ids.ts';
import type { FollowInput, FollowResult } from '../model/workflow-messages.ts';
import { toPairs } from '../workflows/search-attributes.ts';
import type { CommandContext } from './context.ts';
import { hasWorker } from './has-worker.ts';
import { innermostCause } from './innermost-cause.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { connectClient, temporalAddress } from './temporal-connection.ts';
import { TemporalUnreachableError } from './temporal-server.ts';
import { workflowOptions } from './workflow-options.ts';

/**
 * Has a look in quarantine believed, and looks again. Who and why stand in the input of the run
 * `stream/<stream>/accept`; two people at once are one run.
 *
 * @throws {AcceptanceEndedError} If it is refused, or the look after it fails.
 * @throws {TemporalUnreachableError} If Temporal or a worker is not there.
 */
export async function acceptLook(
  context: CommandContext,
  request: Required<Pick<FollowInput, 'stream' | 'title' | 'accept'>>,
): Promise<FollowResult> {
  const { temporal } = context.settings;
  const { stream, title, accept } = request;
  const { client, connection } = await connectClient(temporal);
  try {
    const { namespace } = temporal;
    if (!(await hasWorker(connection, { namespace, queue: CONTROL_QUEUE }))) {
      throw new TemporalUnreachableError(
        `Cannot accept the look at "${stream}": expected a worker of rekmod at ${temporalAddress(temporal)}, found none; start it with "rekmod up"`,
      );
    }
    const hasAttributes = await registerSearchAttributes(connection, namespace);
    const options = workflowOptions(context, hasAttributes);
    return await client.workflow.execute<(input: FollowInput) => Promise<FollowResult>>(
      'followStream',
      {
        workflowId: acceptId(stream),
        taskQueue: CONTROL_QUEUE,
        args: [{ ...request, options }],
        staticSummary: `Accept the look at ${title}`,
        staticDetails: `By ${accept.by}: ${accept.why}`,
        workflowIdConflictPolicy: 'USE_EXISTING',
        ...(hasAttributes ? { typedSearchAttributes: toPairs({ stream }) } : {}),
      },
    );
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new AcceptanceEndedError(innermostCause(error).message, { cause: error });
  } finally {
    await connection.close();
  }
}
