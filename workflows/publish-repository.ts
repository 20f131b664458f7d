import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { BuiltPackage } from '../model/cell.ts';
import type {
  PublicationAnswer,
  PublicationRequest,
  PublisherInput,
} from '../model/workflow-messages.ts';
import { publish } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { publishedSignal, publishSignal } from './messages.ts';

/** Requests for one snapshot at most; more wait for the next. */
const MAX_BATCH = 200;

/**
 * The only writer of a repository: collects requests, writes one snapshot for a batch of them, and
 * tells each requester. Lives as long as the repository does.
 */
export async function publishRepository(input: PublisherInput): Promise<never> {
  const queue: PublicationRequest[] = [...(input.pending ?? [])];
  setHandler(publishSignal, (request) => {
    queue.push(request);
  });
  while (!workflowInfo().continueAsNewSuggested) {
    await condition(() => queue.length > 0);
    await sleep(input.options.publishBatchMs, { summary: 'Collect what else is ready' });
    await publishBatch(input.repository, queue.splice(0, MAX_BATCH));
  }
  return await continueAsNew<typeof publishRepository>({ ...input, pending: queue });
}

async function publishBatch(
  repository: string,
  batch: readonly PublicationRequest[],
): Promise<void> {
  const packages = batch.flatMap((request) => request.packages);
  const answer = await tryPublish(repository, packages);
  // One request whose packages are refused must not take its neighbours with it.
  if (answer.kind === 'refused' && batch.length > 1) {
    for (const request of batch) await publishBatch(repository, [request]);
    return;
  }
  await Promise.all(batch.map((request) => tell(request, answer)));
}

async function tryPublish(
  repository: string,
  packages: readonly BuiltPackage[],
): Promise<PublicationAnswer> {
  const names = packages.map(({ fileName }) => fileName);
  try {
    const { snapshot, packageCount } = await publish.publishPackages.executeWithOptions(
      { summary: `Publish ${names.length} packages: ${names.join(', ')}`.slice(0, 200) },
      [{ repository, packages }],
    );
    setCurrentDetails(`Serving snapshot **${snapshot}** with ${packageCount} packages.`);
    return { kind: 'served', snapshot };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { kind: 'refused', reason: describeFailure(error) };
  }
}

async function tell({ requester }: PublicationRequest, answer: PublicationAnswer): Promise<void> {
  try {
    const handle = getExternalWorkflowHandle(requester.workflowId, requester.runId);
    await handle.signal(publishedSignal, answer);
  } catch (error) {
    // A requester that was ended by a person does not wait any more.
    if (isCancellation(error)) throw error;
  }
}
