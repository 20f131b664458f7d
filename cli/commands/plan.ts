import type { Command } from 'commander';
import { type Assessment, assessForRollout } from '../../activities/assess.ts';
import type { GatedKernel } from '../../model/gate.ts';
import type { KernelKey } from '../../model/kernel.ts';
import { keepWithinBudget } from '../../plan/keep-within-budget.ts';
import { cleanText } from '../../report/clean-text.ts';
import { planToText } from '../../report/plan-text.ts';
import { chooseKernels, type KernelChoice } from '../choose-kernels.ts';
import { type CommandContext, openContext } from '../context.ts';
import { print, printJson, type Terminal } from '../terminal.ts';

interface PlanOptions extends KernelChoice {
  readonly json?: boolean;
}

/** `rekmod plan`: what would be done, and why; does nothing. */
export function addPlanCommand(program: Command, terminal: Terminal): void {
  program
    .command('plan')
    .description('show what would be rebuilt for a kernel, and why, without doing it')
    .option('-k, --kernel <release>', 'the kernel, as uname -r says it (default: the newest)')
    .option('-s, --stream <name>', 'only this stream')
    .option('--all', 'all kernels that are kept built')
    .option('--json', 'the plan as JSON')
    .action(async (options: PlanOptions) => {
      const context = await openContext(program.opts());
      const streams = context.settings.streams.map(({ name }) => name);
      const kernels = await chooseKernels(options, streams, context);
      const signal = new AbortController().signal;
      const assessments: Assessment[] = [];
      for (const { stream, release } of kernels) {
        const request = { stream, release, forced: [] };
        const { plan, unreadable } = await assessForRollout(request, context, signal);
        const { rolloutBudgetMs } = context.settings.limits;
        assessments.push({ plan: keepWithinBudget(plan, rolloutBudgetMs), unreadable });
      }
      if (options.json) {
        printJson(
          terminal,
          assessments.map(({ plan, unreadable }) => ({ ...plan, unreadable })),
        );
        return;
      }
      const { hasColor: color, columns } = terminal;
      for (const { plan, unreadable } of assessments) {
        print(terminal, planToText(plan, { color, columns }));
        const gate = await findGate(context, plan);
        if (gate)
          print(terminal, `Gate: the kernel is ${gate.state}: ${cleanText(gate.reason, 400)}`);
        for (const { kmod, reason } of unreadable) print(terminal, `  ${kmod}: ${reason}`);
      }
    });
}

/** How the kernel stands at the gate of its stream; undefined where there is none, or it has not decided. */
async function findGate(
  { settings, records }: Pick<CommandContext, 'settings' | 'records'>,
  { stream, release }: KernelKey,
): Promise<GatedKernel | undefined> {
  if (!settings.streams.some(({ name, gate }) => name === stream && gate)) return undefined;
  const record = await records.readGate(stream);
  return record?.kernels.find((kernel) => kernel.release === release);
}
