import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { followId } from '../../model/workflow-ids.ts';

const SECOND_MS = 1100;

/** One run of a workflow, as large as its history is. */
export interface HistorySize {
  readonly workflowId: string;
  readonly type: string;
  readonly eventCount: number;
  readonly sizeBytes: number;
}

/** Measures the histories of all runs that a Temporal server knows, those with most events first. */
export async function measureHistories(address: string): Promise<readonly HistorySize[]> {
  return await ask(address, async (client) => {
    const sizes: HistorySize[] = [];
    for await (const {
      workflowId,
      type,
      historyLength,
      historySize = 0,
    } of client.workflow.list()) {
      sizes.push({ workflowId, type, eventCount: historyLength, sizeBytes: historySize });
    }
    return sizes.sort((a, b) => b.eventCount - a.eventCount);
  });
}

/** Has the stream of a fast world looked at at once, whatever its poll. */
export async function lookNow(address: string): Promise<void> {
  // Runs of a schedule are named by the second: one asked for in the second of another is lost.
  await delay(SECOND_MS);
  await ask(address, (client) => client.schedule.getHandle(followId('fast')).trigger());
}

async function ask<Answer>(
  address: string,
  work: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const connection = await Connection.connect({ address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
