import type { Command } from 'commander';
import { assessKernel } from '../../activities/assess.ts';
import { requireNamed } from '../../activities/require-named.ts';
import type { CellRecord } from '../../model/cell.ts';
import type { PlannedCell } from '../../model/plan.ts';
import { describeOutcome, describeVerdict } from '../../report/describe-verdict.ts';
import { problemsToText } from '../../report/problems-text.ts';
import { chooseKernels } from '../choose-kernels.ts';
import { openContext } from '../context.ts';
import { print, printJson } from '../terminal.ts';

/** `rekmod why`: the reason of one cell, with the symbols. */
export function addWhyCommand(program: Command): void {
  program
    .command('why')
    .argument('<kmod>')
    .argument('<kernel>', 'as uname -r says it')
    .description('explain the verdict and the outcome of one kmod for one kernel')
    .option('-s, --stream <name>', 'where several streams have that kernel')
    .option('--json', 'as JSON')
    .action(async (kmod: string, kernel: string, options: WhyOptions) => {
      const context = await openContext(program.opts());
      const { streams } = requireNamed(context.settings.kmods, 'explain', 'kmod', kmod);
      const choice = { ...options, kernel };
      for (const { stream, release } of await chooseKernels(choice, streams, context)) {
        const record = await context.records.readCell({ stream, release, kmod });
        const { signal } = new AbortController();
        const { plan, unreadable } = await assessKernel(
          { stream, release, forced: [] },
          context,
          signal,
        );
        const cell = plan.cells.find((candidate) => candidate.kmod === kmod);
        const fault = unreadable.find((candidate) => candidate.kmod === kmod)?.reason;
        if (options.json) printJson({ stream, release, kmod, record, now: cell, fault });
        else print(explain({ record, cell, fault }));
      }
    });
}

interface WhyOptions {
  readonly stream?: string;
  readonly json?: boolean;
}

function explain(known: {
  readonly record: CellRecord | undefined;
  readonly cell: PlannedCell | undefined;
  readonly fault: string | undefined;
}): string {
  const { record, cell, fault } = known;
  const lines: string[] = [];
  if (record) {
    lines.push(
      `${record.kmod} for ${record.release}: ${describeOutcome(record.outcome)}`,
      `  at the time (${record.updatedAt}): ${describeVerdict(record.verdict)}`,
      ...problemsToText(record.verdict),
      `  workflow ${record.workflowId}, run ${record.runId}`,
    );
  } else {
    lines.push(`${cell?.kmod ?? 'it'} was not worked on for ${cell?.release ?? 'this kernel'} yet`);
  }
  if (cell) {
    lines.push(`  as of now: ${describeVerdict(cell.verdict)}`);
    if (!record) lines.push(...problemsToText(cell.verdict));
  }
  if (fault !== undefined) lines.push(`  its source cannot be used: ${fault}`);
  return lines.join('\n');
}
