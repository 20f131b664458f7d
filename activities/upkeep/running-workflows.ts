import type { Client } from '@temporalio/client';
import type { Sha256Hex } from '../../model/store.ts';
import { addDigests } from './collect-digests.ts';

/** The runs of Temporal's that have not ended. */
export interface RunningWorkflows {
  /** `<workflow id> <run id>` of each. */
  readonly runs: ReadonlySet<string>;
  readonly workflowIds: ReadonlySet<string>;
}

const RUNNING = 'ExecutionStatus = "Running"';

/** Asks Temporal what runs. */
export async function listRunningWorkflows(client: Client): Promise<RunningWorkflows> {
  const runs = new Set<string>();
  const workflowIds = new Set<string>();
  for await (const { workflowId, runId } of client.workflow.list({ query: RUNNING })) {
    runs.add(nameRun(workflowId, runId));
    workflowIds.add(workflowId);
  }
  return { runs, workflowIds };
}

/**
 * Reads what the workflows that run were given and have got: every digest in their histories, such as of what
 * was built and is recorded nowhere yet.
 */
export async function collectRunningDigests(client: Client): Promise<ReadonlySet<Sha256Hex>> {
  const digests = new Set<Sha256Hex>();
  for await (const { workflowId, runId, type } of client.workflow.list({ query: RUNNING })) {
    if (type === 'upkeep') continue;
    addPayloads(await client.workflow.getHandle(workflowId, runId).fetchHistory(), digests);
  }
  return digests;
}

/** The name of a run in {@link RunningWorkflows.runs}. */
export function nameRun(workflowId: string, runId: string): string {
  return `${workflowId} ${runId}`;
}

/** Payloads are JSON as bytes, at any depth of an event. */
function addPayloads(value: unknown, digests: Set<Sha256Hex>): void {
  if (value instanceof Uint8Array) addDigests(Buffer.from(value).toString('latin1'), digests);
  else if (Array.isArray(value)) for (const item of value) addPayloads(item, digests);
  else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) addPayloads(item, digests);
  }
}
