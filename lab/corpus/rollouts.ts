import { Client, Connection } from '@temporalio/client';
import { rolloutId } from '../../model/workflow-ids.ts';

/** A rollout as Temporal has it. */
export interface RolloutFacts {
  readonly release: string;
  readonly seconds: number;
  readonly historyEvents: number;
  readonly historyKilobytes: number;
  /** Of its rebuilds; zero without any. */
  readonly longestRebuild: { readonly seconds: number; readonly historyEvents: number };
}

/** Waits for rollouts to end and measures them. */
export async function measureRollouts(
  address: string,
  stream: string,
  releases: readonly string[],
): Promise<readonly RolloutFacts[]> {
  const connection = await Connection.connect({ address });
  try {
    const client = new Client({ connection });
    const facts: RolloutFacts[] = [];
    for (const release of releases) facts.push(await measure(client, stream, release));
    return facts;
  } finally {
    await connection.close();
  }
}

async function measure(client: Client, stream: string, release: string): Promise<RolloutFacts> {
  const handle = client.workflow.getHandle(rolloutId({ stream, release }));
  await handle.result();
  const rollout = await handle.describe();
  let longestRebuild = { seconds: 0, historyEvents: 0 };
  const query = `WorkflowType = "rebuildKmod" AND RekmodKernel = "${release}"`;
  for await (const rebuild of client.workflow.list({ query })) {
    longestRebuild = {
      seconds: Math.max(longestRebuild.seconds, secondsOf(rebuild)),
      historyEvents: Math.max(longestRebuild.historyEvents, rebuild.historyLength),
    };
  }
  return {
    release,
    seconds: secondsOf(rollout),
    historyEvents: rollout.historyLength,
    historyKilobytes: Math.round((rollout.historySize ?? 0) / 1024),
    longestRebuild,
  };
}

function secondsOf(run: { readonly startTime: Date; readonly closeTime?: Date }): number {
  const { startTime, closeTime } = run;
  return closeTime ? (closeTime.getTime() - startTime.getTime()) / 1000 : 0;
}
