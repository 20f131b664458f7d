import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { z } from 'zod';
import { acceptId } from '../../model/workflow-ids.ts';
import { scrubHistory } from './scrub-history.ts';

// node --import tsx test/support/record-histories.ts <temporal address> <out directory>
// Saves one history of each workflow and way through it, from a server that rekmod has worked with.

const [address, directory] = process.argv.slice(2);
if (address === undefined || directory === undefined) {
  throw new Error('Cannot record histories: expected a Temporal address and a directory');
}

/** Longer ones (a publisher that ran for days) make replays slow and prove nothing more. */
const MAX_EVENTS = 400;

const Rebuild = z.object({
  verdict: z.object({ kind: z.string() }),
  outcome: z.object({
    kind: z.string(),
    step: z.string().optional(),
    build: z.object({ loadTest: z.object({ kind: z.string() }).optional() }).optional(),
    isUnchanged: z.boolean().optional(),
  }),
});
const Rollout = z.object({ builtCount: z.number(), failedCount: z.number() });
const Follow = z.object({ message: z.string(), started: z.array(z.string()) });

function nameRebuild(
  { typedSearchAttributes }: WorkflowExecutionInfo,
  { outcome }: z.infer<typeof Rebuild>,
): string {
  const attributes = typedSearchAttributes.getAll();
  const trigger = attributes.find(({ key }) => key.name === 'RekmodTrigger')?.value;
  const step = outcome.step === undefined ? '' : `-${outcome.step}`;
  const tested = outcome.build?.loadTest === undefined ? '' : '-load-tested';
  const kind = outcome.isUnchanged === true ? 'unchanged' : outcome.kind;
  return `rebuild-kmod.${kind}${step}${tested}.by-${String(trigger ?? 'unknown')}`;
}

async function nameRollout(
  client: Client,
  { workflowId, runId, typedSearchAttributes }: WorkflowExecutionInfo,
  { builtCount, failedCount }: z.infer<typeof Rollout>,
): Promise<string> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  const isResumed = events?.some(
    (event) => event.workflowExecutionSignaledEventAttributes?.signalName === 'resume',
  );
  const trigger = typedSearchAttributes.getAll().find(({ key }) => key.name === 'RekmodTrigger');
  if (trigger?.value === 'new-source' || trigger?.value === 'retry') {
    return `rollout-kernel.${trigger.value}`;
  }
  if (isResumed) return 'rollout-kernel.resumed';
  if (failedCount > 0) return 'rollout-kernel.some-failed';
  return builtCount > 0 ? 'rollout-kernel.all-built' : 'rollout-kernel.all-kept';
}

/** Says what a history proves, e.g. `rebuild-kmod.failed-build.by-new-kernel`; nothing for the rest. */
async function nameHistory(
  client: Client,
  info: WorkflowExecutionInfo,
): Promise<string | undefined> {
  const { workflowId, runId, type, status } = info;
  if (type === 'publishRepository') return `publish-repository.${status.name.toLowerCase()}`;
  if (status.name !== 'COMPLETED') return `${kebab(type)}.${status.name.toLowerCase()}`;
  const result: unknown = await client.workflow.getHandle(workflowId, runId).result();
  switch (type) {
    case 'rebuildKmod':
      return nameRebuild(info, Rebuild.parse(result));
    case 'rolloutKernel':
      return await nameRollout(client, info, Rollout.parse(result));
    case 'followStream': {
      if (workflowId === acceptId(workflowId.split('/')[1] ?? '')) return 'follow-stream.accepted';
      const { message, started } = Follow.parse(result);
      if (started.length > 0) return 'follow-stream.new-kernels';
      return `follow-stream.${message === 'Nothing has changed' ? 'unchanged' : 'nothing-new'}`;
    }
    case 'followSources': {
      const { started } = Follow.parse(result);
      return `follow-sources.${started.length > 0 ? 'new-source' : 'unchanged'}`;
    }
    case 'signMetadata':
      return 'sign-metadata.signed';
    case 'upkeep':
      return 'upkeep.tidied';
    default:
      return undefined;
  }
}

function kebab(type: string): string {
  return type.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

await mkdir(directory, { recursive: true });
const connection = await Connection.connect({ address });
try {
  const client = new Client({ connection });
  const saved = new Set<string>();
  for await (const info of client.workflow.list()) {
    if (info.historyLength > MAX_EVENTS) continue;
    const name = await nameHistory(client, info);
    if (name === undefined || saved.has(name)) continue;
    saved.add(name);
    const history = await client.workflow.getHandle(info.workflowId, info.runId).fetchHistory();
    const text = scrubHistory(historyToJSON(history), { machine: hostname() });
    await writeFile(join(directory, `${name}.json`), text);
    console.log(`${name}: ${info.workflowId}, ${info.historyLength} events`);
  }
} finally {
  await connection.close();
}
