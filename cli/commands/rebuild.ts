import type { Command } from 'commander';
import { assessKernel } from '../../activities/assess.ts';
import { requireNamed } from '../../activities/require-named.ts';
import { ContentInvalidError } from '../../model/activity-errors.ts';
import type { Kernel } from '../../model/kernel.ts';
import { restrictPlan } from '../../plan/restrict-plan.ts';
import { planToText } from '../../report/plan-text.ts';
import { chooseKernels, type KernelChoice } from '../choose-kernels.ts';
import { type CommandContext, openContext } from '../context.ts';
import type { RunOptions } from '../run-rebuilds.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface RebuildOptions extends KernelChoice, RunOptions {
  readonly dryRun?: boolean;
}

/** `rekmod rebuild <kmod>`: triggers one module and follows it to its end. */
export function addRebuildCommand(program: Command, terminal: Terminal): void {
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
      const call = { context, options, terminal };
      if (options.dryRun) {
        await showPlans(kmod, kernels, call);
        return;
      }
      const { runRebuilds } = await import('../run-rebuilds.ts');
      terminal.setExitCode(await runRebuilds(kmod, kernels, call));
    });
}

interface Call {
  readonly terminal: Terminal;
  readonly context: CommandContext;
  readonly options: RebuildOptions;
}

async function showPlans(
  kmod: string,
  kernels: readonly Kernel[],
  { context, options, terminal }: Call,
): Promise<void> {
  const signal = new AbortController().signal;
  const forced = options.force ? [kmod] : [];
  const { hasColor: color, columns } = terminal;
  const plans = [];
  for (const { stream, release } of kernels) {
    const { plan, unreadable } = await assessKernel({ stream, release, forced }, context, signal);
    const fault = unreadable.find((candidate) => candidate.kmod === kmod);
    if (fault) throw new ContentInvalidError(kmod, fault.reason);
    plans.push(restrictPlan(plan, new Set([kmod])));
  }
  if (options.json) printJson(terminal, plans);
  else for (const plan of plans) print(terminal, planToText(plan, { color, columns }));
}
