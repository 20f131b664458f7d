import { WorkflowNotFoundError } from '@temporalio/client';
import type { Command } from 'commander';
import { requireNamed } from '../../activities/require-named.ts';
import { NotFoundError } from '../../model/activity-errors.ts';
import { rebuildId } from '../../model/workflow-ids.ts';
import { chooseKernels, type KernelChoice } from '../choose-kernels.ts';
import { openContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { describeResult, followRebuild, type RebuildHandle } from '../follow-rebuild.ts';
import { connectClient } from '../temporal-connection.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface CancelOptions extends Pick<KernelChoice, 'stream'> {
  readonly json?: boolean;
}

/** `rekmod cancel <kmod> <kernel>`: ends a rebuild that runs; its builder ends with it. */
export function addCancelCommand(program: Command, terminal: Terminal): void {
  program
    .command('cancel')
    .argument('<kmod>', 'a kmod of the configuration')
    .argument('<kernel>', 'as uname -r says it')
    .description('end a rebuild that runs, and wait until it has ended')
    .option('-s, --stream <name>', 'where several streams have a kernel of that name')
    .option('--json', 'the outcome as JSON')
    .addHelpText(
      'after',
      '\nWhat was handed to the publisher is published. A look that finds the cell undone builds it again: see "rekmod freeze".',
    )
    .action(async (kmod: string, kernel: string, options: CancelOptions) => {
      const context = await openContext(program.opts());
      const { streams } = requireNamed(context.settings.kmods, 'cancel', 'kmod', kmod);
      const choice = { ...options, kernel };
      const [chosen] = await chooseKernels(choice, streams, context);
      if (!chosen) throw new Error('BUG: no kernel was chosen');
      const { client, connection } = await connectClient(context.settings.temporal);
      try {
        const id = rebuildId({ kmod, stream: chosen.stream, release: chosen.release });
        const handle: RebuildHandle = client.workflow.getHandle(id);
        await requireRunning(handle, id);
        await handle.cancel();
        const result = await followRebuild(handle, () => undefined);
        if (options.json) printJson(terminal, result);
        else print(terminal, describeResult(result));
        terminal.setExitCode(result.outcome.kind === 'cancelled' ? EXIT.ok : EXIT.failed);
      } finally {
        await connection.close();
      }
    });
}

async function requireRunning(handle: RebuildHandle, id: string): Promise<void> {
  const expected = 'expected a rebuild that runs';
  try {
    const { status } = await handle.describe();
    if (status.name === 'RUNNING') return;
    throw new NotFoundError('cancel', id, `${expected}, found one that is ${status.name}`);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new NotFoundError('cancel', id, `${expected}, found none`);
  }
}
