import { Client, Connection } from '@temporalio/client';
import type { CellKey } from '../../model/cell.ts';

/** A rebuild that has ended. */
export interface EndedRebuild extends CellKey {
  readonly runId: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** `COMPLETED` unless it was ended otherwise. */
  readonly status: string;
  /** What the workflow gave back; absent unless it was completed. */
  readonly outcome?: { readonly kind: string; readonly packages?: readonly NamedPackage[] };
}

interface NamedPackage {
  readonly nevra: { readonly version: string };
}

/** What Temporal is asked about a month. */
export interface TemporalWitness {
  /** How many rollouts and rebuilds run at this moment. */
  countRunning(): Promise<number>;
  /** How many looks at streams there were. */
  countLooks(): Promise<number>;
  countRebuilds(): Promise<number>;
  listRebuilds(): Promise<readonly EndedRebuild[]>;
}

const WORK = 'WorkflowType IN ("rolloutKernel", "rebuildKmod")';

/** Asks a Temporal server; each question has a connection of its own, because servers are restarted here. */
export function askTemporal(address: string): TemporalWitness {
  async function ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
    const connection = await Connection.connect({ address });
    try {
      return await question(new Client({ connection }));
    } finally {
      await connection.close();
    }
  }
  const count = (query: string): Promise<number> =>
    ask(async (client) => (await client.workflow.count(query)).count);
  return {
    countRunning: () => count(`${WORK} AND ExecutionStatus = "Running"`),
    countLooks: () => count('WorkflowType = "followStream"'),
    countRebuilds: () => count('WorkflowType = "rebuildKmod"'),
    listRebuilds: () => ask(listRebuilds),
  };
}

async function listRebuilds(client: Client): Promise<readonly EndedRebuild[]> {
  const rebuilds: EndedRebuild[] = [];
  const query = 'WorkflowType = "rebuildKmod" AND ExecutionStatus != "Running"';
  for await (const { workflowId, runId, status, startTime, closeTime } of client.workflow.list({
    query,
  })) {
    const [, kmod = '', stream = '', release = ''] = workflowId.split('/');
    const times = { startedAt: startTime, endedAt: closeTime ?? new Date() };
    const key = { kmod, stream, release, runId, ...times, status: status.name };
    if (status.name !== 'COMPLETED') {
      rebuilds.push(key);
      continue;
    }
    const result: { outcome: NonNullable<EndedRebuild['outcome']> } = await client.workflow
      .getHandle(workflowId, runId)
      .result();
    rebuilds.push({ ...key, outcome: result.outcome });
  }
  return rebuilds;
}
