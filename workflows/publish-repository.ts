import {
  ApplicationFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  getCurrentDetails,
  getExternalWorkflowHandle,
  isCancellation,
  patched,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { PublishedPackage } from '../activities/snapshot/decide-publication.ts';
import type {
  PublicationAnswer,
  PublicationRequest,
  PublisherInput,
  RollbackCommand,
  RollbackRequest,
  RollbackResult,
} from '../model/workflow-messages.ts';
import { requireGoodRollback } from '../plan/check-rollback.ts';
import { toSummary } from '../report/text-size.ts';
import { mirror, publish } from './activity-proxies.ts';
import { describeFailure } from './describe-failure.ts';
import { configureSignal, publishedSignal, publishSignal, rollBackUpdate } from './messages.ts';
import { ringGates } from './tell-gate.ts';
import { troubleOf } from './trouble-of.ts';

/** Requests for one snapshot at most; more wait for the next. */
const MAX_BATCH = 200;
/**
 * What a history names stays in the store. Temporal suggests to begin anew after thousands of events, which are months of
 * a quiet repository; these are a day or two.
 */
const LONG_HISTORY_EVENTS = 100;

/** A rollback that somebody waits for. */
interface WaitingRollback {
  readonly request: RollbackRequest;
  end?: { readonly result: RollbackResult } | { readonly reason: string };
}

/** What is to be done, in the order in which it came. */
interface Work {
  /** Those of the input, or the newest that it was told. */
  options: PublisherInput['options'];
  readonly requests: PublicationRequest[];
  readonly rollbacks: WaitingRollback[];
  /** When to look for what need not be kept, in milliseconds since 1970. */
  tidyAtMs: number;
  readonly longHistoryEvents: number;
  /** Whether nothing but the history itself is left to let go. */
  isTidied: boolean;
}

/**
 * The only writer of a repository: collects requests, writes one snapshot for a batch of them, and
 * tells each requester; goes back to an earlier snapshot when a person says so; and tidies from time to
 * time. Lives as long as the repository does.
 */
export async function publishRepository(input: PublisherInput): Promise<never> {
  const { tidyMs = Number.POSITIVE_INFINITY } = input.options;
  const tidyAtMs = input.tidyAtMs ?? Date.now() + tidyMs;
  const { options, pending = [], details } = input;
  const { longHistoryEvents = LONG_HISTORY_EVENTS } = input;
  if (details !== undefined) setCurrentDetails(details);
  const requests = [...pending];
  const work: Work = {
    options,
    requests,
    rollbacks: [],
    tidyAtMs,
    longHistoryEvents,
    isTidied: false,
  };
  setHandler(configureSignal, (newest) => {
    work.options = newest;
    const { tidyMs } = newest;
    if (tidyMs === undefined || Number.isFinite(work.tidyAtMs)) return;
    work.tidyAtMs = Date.now() + tidyMs;
  });
  setHandler(publishSignal, (request) => {
    work.requests.push(request);
  });
  setHandler(rollBackUpdate, (command) => takeRollback(input.repository, command, work), {
    validator: requireGoodRollback,
  });
  do {
    while (!isLongEnough(work) || work.rollbacks.length > 0) {
      await workOnce(input.repository, work);
    }
    // Whoever waits for a rollback gets the answer from this run.
    await condition(() => allHandlersFinished() || work.rollbacks.length > 0);
  } while (work.rollbacks.length > 0);
  return await continueAsNew<typeof publishRepository>({
    ...input,
    options: work.options,
    pending: work.requests,
    details: getCurrentDetails(),
    ...(Number.isFinite(work.tidyAtMs) ? { tidyAtMs: work.tidyAtMs } : {}),
  });
}

function isLongEnough({ isTidied }: Work): boolean {
  return isTidied || workflowInfo().continueAsNewSuggested;
}

/** A person's word goes first; tidying never waits for a quiet moment. */
async function workOnce(repository: string, work: Work): Promise<void> {
  await waitForWork(work);
  const { options } = work;
  const rollback = work.rollbacks.shift();
  if (rollback) {
    await endRollback(rollback);
    await ringGates(options);
  } else if (Date.now() >= work.tidyAtMs) {
    await tidy(repository);
    await ringGates(options);
    work.tidyAtMs = Date.now() + (options.tidyMs ?? Number.POSITIVE_INFINITY);
    work.isTidied =
      workflowInfo().historyLength > work.longHistoryEvents && patched('begin-anew-when-tidied');
  } else {
    await sleep(options.publishBatchMs, { summary: 'Collect what else is ready' });
    await publishBatch(repository, work.requests.splice(0, MAX_BATCH));
  }
}

async function waitForWork(work: Work): Promise<void> {
  const hasWork = (): boolean => work.requests.length > 0 || work.rollbacks.length > 0;
  if (!Number.isFinite(work.tidyAtMs)) {
    await condition(hasWork);
    return;
  }
  const remainingMs = work.tidyAtMs - Date.now();
  if (hasWork() || remainingMs <= 0) return;
  await condition(hasWork, remainingMs, { summary: 'Tidy the repository then' });
}

async function takeRollback(
  repository: string,
  command: RollbackCommand,
  { rollbacks }: Work,
): Promise<RollbackResult> {
  const id = currentUpdateInfo()?.id ?? '';
  const waiting: WaitingRollback = { request: { ...command, repository, id } };
  rollbacks.push(waiting);
  await condition(() => waiting.end !== undefined);
  if (waiting.end && 'result' in waiting.end) return waiting.end.result;
  throw ApplicationFailure.nonRetryable(waiting.end?.reason, 'RollbackRefused');
}

async function endRollback(waiting: WaitingRollback): Promise<void> {
  const { by, why, to } = waiting.request;
  const where = to === undefined ? 'by one snapshot' : `to ${to}`;
  try {
    const result = await publish.rollBack.executeWithOptions(
      { summary: toSummary(`Roll back ${where}, says ${by}: ${why}`) },
      [waiting.request],
    );
    await reveal(waiting.request.repository, result);
    waiting.end = { result };
  } catch (error) {
    if (isCancellation(error)) throw error;
    waiting.end = { reason: describeFailure(error) };
  }
}

async function tidy(repository: string): Promise<void> {
  try {
    const publication = await publish.tidyRepository.executeWithOptions(
      { summary: 'Let go what no kernel needs any more' },
      [{ repository }],
    );
    if (publication) await reveal(repository, publication);
  } catch (error) {
    if (isCancellation(error)) throw error;
    setCurrentDetails(`Could not tidy: ${describeFailure(error)}`);
  }
}

/** Says what is served, and brings it to the mirror, if there is one; that it fails changes nothing here. */
async function reveal(
  repository: string,
  { snapshot, packageCount, hasMirror }: RollbackResult,
): Promise<void> {
  const served = `Serving snapshot **${snapshot}** with ${packageCount} packages.`;
  setCurrentDetails(served);
  if (!hasMirror) return;
  try {
    await mirror.mirrorRepository.executeWithOptions(
      { summary: `Bring snapshot ${snapshot} to the mirror` },
      [{ repository }],
    );
    setCurrentDetails(`${served} The mirror has it.`);
  } catch (error) {
    if (isCancellation(error)) throw error;
    setCurrentDetails(`${served} The mirror does not have it: ${describeFailure(error)}`);
  }
}

async function publishBatch(
  repository: string,
  batch: readonly PublicationRequest[],
): Promise<void> {
  const packages = batch.flatMap((request) => withCell(request));
  const answer = await tryPublish(repository, packages);
  // One request whose packages are refused must not take its neighbours with it.
  if (answer.kind === 'refused' && batch.length > 1) {
    for (const request of batch) await publishBatch(repository, [request]);
    return;
  }
  await Promise.all(batch.map((request) => tell(request, answer)));
}

/** So that the repository knows what its packages are for, long after this run. */
function withCell({ packages, cell }: PublicationRequest): readonly PublishedPackage[] {
  return cell === undefined ? packages : packages.map((file) => ({ ...file, cell }));
}

async function tryPublish(
  repository: string,
  packages: readonly PublishedPackage[],
): Promise<PublicationAnswer> {
  const names = packages.map(({ fileName }) => fileName);
  try {
    const publication = await publish.publishPackages.executeWithOptions(
      { summary: `Publish ${names.length} packages: ${names.join(', ')}`.slice(0, 200) },
      [{ repository, packages }],
    );
    await reveal(repository, publication);
    return { kind: 'served', snapshot: publication.snapshot };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { kind: 'refused', reason: describeFailure(error), ...troubleOf(error) };
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
