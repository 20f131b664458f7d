import { type Client, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { Kernel } from '../model/kernel.ts';
import { CONTROL_QUEUE } from '../model/task-queues.ts';
import { rebuildId } from '../model/workflow-ids.ts';
import type { RebuildInput, RebuildResult, WorkflowOptions } from '../model/workflow-messages.ts';
import { toPairs } from '../workflows/search-attributes.ts';
import type { CommandContext } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { describeResult, followRebuild, type RebuildHandle } from './follow-rebuild.ts';
import { hasWorker } from './has-worker.ts';
import { registerSearchAttributes } from './register-search-attributes.ts';
import { connectClient, temporalAddress } from './temporal-connection.ts';
import { print, printJson, type Terminal } from './terminal.ts';
import { workflowOptions } from './workflow-options.ts';

/** How a person asked for rebuilds. */
export interface RunOptions {
  readonly force?: boolean;
  /** Whether they are followed to their end, else only started. */
  readonly wait: boolean;
  readonly json?: boolean;
}

interface Call {
  readonly terminal: Terminal;
  readonly context: CommandContext;
  readonly options: RunOptions;
}

/**
 * Starts the rebuild of a kmod for each kernel, follows them and prints how they ended.
 *
 * @returns The exit code.
 * @throws {TemporalUnreachableError} If nobody answers.
 */
export async function runRebuilds(
  kmod: string,
  kernels: readonly Kernel[],
  { context, options, terminal }: Call,
): Promise<number> {
  const { client, connection } = await connectClient(context.settings.temporal);
  try {
    const { namespace } = context.settings.temporal;
    const hasAttributes = await registerSearchAttributes(connection, namespace);
    const workflow = workflowOptions(context, hasAttributes);
    const handles: RebuildHandle[] = [];
    for (const kernel of kernels) {
      handles.push(await startRebuild(client, { kmod, kernel, force: options.force }, workflow));
    }
    if (!(await hasWorker(connection, { namespace, queue: CONTROL_QUEUE }))) {
      const place = temporalAddress(context.settings.temporal);
      terminal.remark(
        `No worker of rekmod is at ${place}: the rebuild waits until "rekmod up" runs`,
      );
    }
    if (!options.wait) {
      for (const { workflowId } of handles) print(terminal, workflowId);
      return EXIT.ok;
    }
    const say = options.json ? () => undefined : terminal.remark;
    const results = await Promise.all(handles.map((handle) => followRebuild(handle, say)));
    if (options.json) printJson(terminal, results);
    else for (const result of results) print(terminal, describeResult(result));
    return results.every(isGood) ? EXIT.ok : EXIT.failed;
  } finally {
    await connection.close();
  }
}

function isGood({ outcome }: RebuildResult): boolean {
  return ['published', 'kept', 'excluded'].includes(outcome.kind);
}

/** Starts the cell's workflow, or finds the one that runs: the same cell twice is one build. */
async function startRebuild(
  client: Client,
  { kmod, kernel, force }: { kmod: string; kernel: Kernel; force: boolean | undefined },
  options: WorkflowOptions,
): Promise<RebuildHandle> {
  const { stream, release, arch } = kernel;
  const input: RebuildInput = {
    kmod,
    stream,
    release,
    trigger: 'command',
    isForced: force === true,
    options,
  };
  const attributes = { kmod, stream, kernel: release, arch, trigger: 'command' };
  return await client.workflow.start<(given: RebuildInput) => Promise<RebuildResult>>(
    'rebuildKmod',
    {
      workflowId: rebuildId(input),
      taskQueue: CONTROL_QUEUE,
      args: [input],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      staticSummary: `${kmod} for ${release}, by command`,
      ...(options.hasSearchAttributes ? { typedSearchAttributes: toPairs(attributes) } : {}),
    },
  );
}
