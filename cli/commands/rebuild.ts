import { type Client, WorkflowIdConflictPolicy } from '@temporalio/client';
import type { Command } from 'commander';
import { assessKernel } from '../../activities/assess.ts';
import { requireNamed } from '../../activities/require-named.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import { CONTROL_QUEUE } from '../../model/task-queues.ts';
import { rebuildId } from '../../model/workflow-ids.ts';
import type {
  RebuildInput,
  RebuildResult,
  WorkflowOptions,
} from '../../model/workflow-messages.ts';
import { planToText } from '../../report/plan-text.ts';
import { toPairs } from '../../workflows/search-attributes.ts';
import { chooseKernels, type KernelChoice } from '../choose-kernels.ts';
import { type CommandContext, openContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { describeResult, followRebuild, type RebuildHandle } from '../follow-rebuild.ts';
import { hasWorker } from '../has-worker.ts';
import { registerSearchAttributes } from '../register-search-attributes.ts';
import { connectClient, temporalAddress } from '../temporal-connection.ts';
import { openTerminal, print, printJson, remark } from '../terminal.ts';
import { workflowOptions } from '../up.ts';

interface RebuildOptions extends KernelChoice {
  readonly force?: boolean;
  readonly wait: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** `rekmod rebuild <kmod>`: triggers one module and follows it to its end. */
export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild')
    .argument('<kmod>', 'a kmod of the configuration')
    .description('rebuild one kmod where it must be rebuilt, and follow it')
    .option(
      '-k, --kernel <release>',
      'for this kernel (default: the newest of each stream and flavour)',
    )
    .option('-s, --stream <name>', 'for the kernels of this stream')
    .option('--all', 'for all kernels that are kept built')
    .option('-f, --force', 'build even where the modules that exist fit')
    .option('--wait', 'follow it to its end (default)', true)
    .option('--no-wait', 'start it and return')
    .option('-n, --dry-run', 'only show what would be done')
    .option('--json', 'the outcomes as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 all built or kept, 1 some failed, 2 usage, 3 configuration, 4 unreachable

Examples:
  rekmod rebuild v4l2loopback
  rekmod rebuild zfs --kernel 5.14.0-611.el9.x86_64 --force
  rekmod rebuild jool --all --no-wait`,
    )
    .action(async (kmod: string, options: RebuildOptions) => {
      const context = await openContext(program.opts());
      const { streams } = requireNamed(context.settings.kmods, 'rebuild', 'kmod', kmod);
      const kernels = await chooseKernels(options, streams, context);
      if (options.dryRun) await showPlans(kmod, kernels, { context, options });
      else process.exitCode = await runRebuilds(kmod, kernels, { context, options });
    });
}

interface Call {
  readonly context: CommandContext;
  readonly options: RebuildOptions;
}

async function showPlans(
  kmod: string,
  kernels: readonly Kernel[],
  { context, options }: Call,
): Promise<void> {
  const signal = new AbortController().signal;
  const forced = options.force ? [kmod] : [];
  const { hasColor: color, columns } = openTerminal();
  const plans = [];
  for (const { stream, release } of kernels) {
    const { plan, unreadable } = await assessKernel({ stream, release, forced }, context, signal);
    const fault = unreadable.find((candidate) => candidate.kmod === kmod);
    if (fault) throw new ContentInvalidError(kmod, fault.reason);
    plans.push({ ...plan, cells: plan.cells.filter((cell) => cell.kmod === kmod) });
  }
  if (options.json) printJson(plans);
  else for (const plan of plans) print(planToText(plan, { color, columns }));
}

async function runRebuilds(
  kmod: string,
  kernels: readonly Kernel[],
  { context, options }: Call,
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
      remark(`No worker of rekmod is at ${place}: the rebuild waits until "rekmod up" runs`);
    }
    if (!options.wait) {
      for (const { workflowId } of handles) print(workflowId);
      return EXIT.ok;
    }
    const say = options.json ? () => undefined : remark;
    const results = await Promise.all(handles.map((handle) => followRebuild(handle, say)));
    if (options.json) printJson(results);
    else for (const result of results) print(describeResult(result));
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
