import { isDeepStrictEqual } from 'node:util';
import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client';
import type { CellKey, CellRecord } from '../../model/cell.ts';
import type { RebuildResult } from '../../model/workflow-messages.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { openRecordsOf } from './check-outcomes.ts';

/** Those that must come to their end, whatever happens. */
const WORK = ['rebuildKmod', 'rolloutKernel'];
/** They live as long as what they serve. */
const ETERNAL = ['publishRepository', 'gateStream'];

/** What is still being worked on. */
export async function findUnfinished(chaos: ChaosWorld): Promise<readonly string[]> {
  try {
    return await withClient(chaos, async (client) => {
      const types = WORK.map((type) => `"${type}"`).join(', ');
      const query = `ExecutionStatus = "Running" AND WorkflowType IN (${types})`;
      const found: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query })) {
        found.push(`${workflowId} has not ended`);
      }
      return found;
    });
  } catch (error) {
    return [`Temporal does not answer: ${String(error)}`];
  }
}

/** Whether Temporal tells the same story as the records, and no workflow ever stumbled over its own history. */
export async function checkHistories(chaos: ChaosWorld): Promise<readonly string[]> {
  return await withClient(chaos, async (client) => {
    const violations: string[] = [];
    const rebuilds: Run[] = [];
    for await (const run of client.workflow.list()) {
      violations.push(...checkEnd(run), ...(await checkTasks(client, run)));
      if (run.type === 'rebuildKmod' && run.status.name === 'COMPLETED') {
        const handle = client.workflow.getHandle(run.workflowId, run.runId);
        const result: RebuildResult = await handle.result();
        rebuilds.push({ run, result });
      }
    }
    const cells = await openRecordsOf(chaos).listCells('lab');
    return [
      ...violations,
      ...checkNumbers(rebuilds),
      ...cells.flatMap((cell) => checkRecord(cell, rebuilds)),
    ];
  });
}

interface Run {
  readonly run: WorkflowExecutionInfo;
  readonly result: RebuildResult;
}

function checkEnd({ workflowId, type, status }: WorkflowExecutionInfo): readonly string[] {
  const wanted = ETERNAL.includes(type)
    ? ['RUNNING', 'CONTINUED_AS_NEW']
    : WORK.includes(type)
      ? ['COMPLETED']
      : undefined;
  if (!wanted || wanted.includes(status.name)) return [];
  return [`${workflowId}: expected ${wanted.join(' or ')}, found ${status.name}`];
}

/** A task that failed is a bug: nothing that workflows do can fail but by their own code. */
async function checkTasks(
  client: Client,
  { workflowId, runId }: WorkflowExecutionInfo,
): Promise<readonly string[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => {
    // A signal came while a task ended: the server hands it out again.
    if (!failed || failed.failure?.message === 'UnhandledCommand') return [];
    return [`${workflowId}: a workflow task failed: ${failed.failure?.message ?? failed.cause}`];
  });
}

/** A number is given to one build of a cell, whatever became of it. */
function checkNumbers(rebuilds: readonly Run[]): readonly string[] {
  const violations: string[] = [];
  const byNumber = new Map<string, string>();
  const byName = new Map<string, string>();
  for (const { run, result } of rebuilds) {
    const { outcome } = result;
    if (outcome.kind !== 'published' || outcome.isUnchanged) continue;
    const number = `build ${outcome.build.buildNumber} of ${nameCell(result)}`;
    if (byNumber.has(number)) violations.push(`${number} was published by two runs`);
    byNumber.set(number, run.runId);
    for (const { fileName, sha256 } of outcome.packages) {
      const before = byName.get(fileName);
      if (before !== undefined && before !== sha256) {
        violations.push(`${fileName} was published with other bytes twice`);
      }
      byName.set(fileName, sha256);
    }
  }
  return violations;
}

/** What is recorded is how the cell's last run ended. */
function checkRecord(record: CellRecord, rebuilds: readonly Run[]): readonly string[] {
  const own = rebuilds
    .filter(({ result }) => nameCell(result) === nameCell(record))
    .sort((a, b) => a.run.startTime.getTime() - b.run.startTime.getTime());
  const last = own.at(-1);
  const writer = own.find(({ run }) => run.runId === record.runId);
  if (writer && writer !== last) {
    return [`${nameCell(record)}: the record is of a run before the last`];
  }
  if (writer && !isDeepStrictEqual(toJson(writer.result.outcome), toJson(record.outcome))) {
    return [`${nameCell(record)}: the run ended otherwise than the record says`];
  }
  return [];
}

function toJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function nameCell({ kmod, release }: CellKey): string {
  return `${kmod} on ${release}`;
}

async function withClient<Answer>(
  { temporalAddress }: ChaosWorld,
  work: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const connection = await Connection.connect({ address: temporalAddress, connectTimeout: 5000 });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}
