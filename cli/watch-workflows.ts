import type { Client } from '@temporalio/client';
import type { StuckWorkflow } from '../model/status.ts';
import { describeStuck } from '../report/describe-stuck.ts';
import { listStuckWorkflows } from './stuck-workflows.ts';

/** Looks from time to time whether all workflows go on. */
export interface WorkflowWatch {
  /** As the last look found; undefined before the first. */
  stuck(): readonly StuckWorkflow[] | undefined;
  stop(): void;
}

/** A workflow task that fails is tried again after seconds; by then it is known. */
const FIRST_LOOK_MS = 60_000;
const LOOK_MS = 5 * 60_000;

/** Says what does not go on, once for each workflow and reason, and when that has changed. */
export function watchWorkflows(
  client: Client,
  { say, onChange }: { readonly say: (line: string) => void; readonly onChange: () => void },
): WorkflowWatch {
  let known: readonly StuckWorkflow[] | undefined;
  let said = new Set<string>();
  let isStopped = false;
  let timer = setTimeout(look, FIRST_LOOK_MS);

  async function find(): Promise<void> {
    try {
      known = await listStuckWorkflows(client);
    } catch {
      // That Temporal does not answer is told by others.
      return;
    }
    const lines = new Map(known.map((one) => [`${one.workflowId} ${one.reason}`, one]));
    const fresh = [...lines].filter(([key]) => !said.has(key)).map(([, one]) => one);
    for (const line of describeStuck(fresh)) say(line);
    if (fresh.length > 0 || lines.size !== said.size) onChange();
    said = new Set(lines.keys());
  }

  function look(): void {
    void find().finally(() => {
      if (!isStopped) timer = setTimeout(look, LOOK_MS);
    });
  }

  return {
    stuck: () => known,
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
